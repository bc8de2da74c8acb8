import fc from 'fast-check';
import { FakeClock } from 'nestjs-roomgate/testing';
import { QuietLog } from '../../src/core/log-throttle.js';
import { propertyRuns } from '../support/property-runs.js';

describe('QuietLog', () => {
  let clock: FakeClock;
  let lines: string[];
  let log: QuietLog;

  beforeEach(() => {
    clock = new FakeClock();
    lines = [];
    log = new QuietLog(clock, (line) => lines.push(line));
  });

  it('writes the first line of a key at once', () => {
    log.add('json', () => 'Refused: json');
    expect(lines).toEqual(['Refused: json.']);
  });

  it('is quiet for ten seconds and then says how many there were', () => {
    for (let i = 0; i < 5; i++) log.add('a', () => 'a');
    clock.advance(9_999);
    log.add('a', () => 'a');
    expect(lines).toHaveLength(1);
    clock.advance(1);
    log.add('a', () => 'a');
    expect(lines.slice(1)).toEqual(['a, 6 times.']);
    clock.advance(10_000);
    log.add('a', () => 'a');
    expect(lines.slice(2)).toEqual(['a.']);
  });

  it('keeps keys apart, and lines of one key together', () => {
    log.add('a', () => 'a of alice');
    log.add('b', () => 'b');
    log.add('a', () => 'a of bob');
    expect(lines).toEqual(['a of alice.', 'b.']);
  });

  it('never writes a key twice within ten seconds, and loses none', () => {
    const entry = fc.record({ key: fc.constantFrom('a', 'b', 'c'), afterMs: fc.nat(15_000) });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), (entries) => {
        const saidAt = new Map<string, number>();
        const counted = new Map<string, number>();
        const timed = new FakeClock();
        const sut = new QuietLog(timed, (line) => {
          const [, key = '', times = '1'] = /^(\w)(?:, (\d+) times)?\.$/.exec(line) ?? [];
          expect(timed.now() - (saidAt.get(key) ?? -Infinity)).toBeGreaterThanOrEqual(10_000);
          saidAt.set(key, timed.now());
          counted.set(key, (counted.get(key) ?? 0) + Number(times));
        });
        for (const { key, afterMs } of entries) {
          timed.advance(afterMs);
          sut.add(key, () => key);
        }
        timed.advance(10_000);
        for (const key of ['a', 'b', 'c']) sut.add(key, () => key);
        for (const key of ['a', 'b', 'c'])
          expect(counted.get(key)).toBe(entries.filter((one) => one.key === key).length + 1);
      }),
      propertyRuns(100),
    );
  });
});
