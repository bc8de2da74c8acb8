import { ownersIn, slotOf, SLOTS } from '../../../src/redis/network/topology.js';

const ASKED = { host: 'asked', port: 7000 };

describe('The slot of a tag', () => {
  it.each([
    // As CLUSTER KEYSLOT of Redis 7 answers.
    ['123456789', 12_739],
    ['foo', 12_182],
    ['', 0],
  ])('of %j is that of Redis', (tag, slot) => {
    expect(slotOf(tag)).toBe(slot);
  });

  it('is one of 16,384, whatever the text', () => {
    for (const tag of ['chat|default/ä', '\u{1F600}', 'x'.repeat(500)]) {
      expect(slotOf(tag)).toBeGreaterThanOrEqual(0);
      expect(slotOf(tag)).toBeLessThan(SLOTS);
    }
  });
});

describe('Who has which slots', () => {
  const text = (value: string): Buffer => Buffer.from(value);

  it('is read from the masters of CLUSTER SLOTS, both ends included', () => {
    const owners = ownersIn(
      [
        [0, 1, [text('one'), 7001, text('id')], [text('its replica'), 7009, text('id')]],
        [2, 3, [text('two'), 7002, text('id')]],
      ],
      ASKED,
    );
    expect([...owners]).toEqual([
      [0, { host: 'one', port: 7001 }],
      [1, { host: 'one', port: 7001 }],
      [2, { host: 'two', port: 7002 }],
      [3, { host: 'two', port: 7002 }],
    ]);
  });

  it.each([[null], [text('')]])('is the one that was asked, when it has no name: %j', (host) => {
    expect(ownersIn([[5, 5, [host, 7001]]], ASKED).get(5)).toEqual({ host: 'asked', port: 7001 });
  });

  it('is nobody for what the answer does not name, and for what is no slot', () => {
    expect(ownersIn([], ASKED).size).toBe(0);
    expect(ownersIn('OK', ASKED).size).toBe(0);
    expect(ownersIn([[0, 1]], ASKED).size).toBe(0);
    expect(ownersIn([[-3, 1, [text('one'), 1]]], ASKED).size).toBe(2);
    expect(ownersIn([[SLOTS - 1, 2 ** 31, [text('one'), 1]]], ASKED).size).toBe(1);
  });
});
