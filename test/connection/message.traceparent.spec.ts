import { parseMessage, parseTraceparent } from '../../src/connection/message.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const GOOD = `00-${TRACE}-${PARENT}-01`;

/** The rules are those of W3C Trace Context, "Versioning of traceparent" and "traceparent Header Field Values". */
describe('parseTraceparent', () => {
  it.each([GOOD, `00-${TRACE}-${PARENT}-00`, `00-${TRACE}-${PARENT}-ff`])('takes %s', (text) => {
    expect(parseTraceparent(text)).toBe(text);
  });

  it.each([
    `01-${TRACE}-${PARENT}-01`,
    `cc-${TRACE}-${PARENT}-01`,
    `fe-${TRACE}-${PARENT}-01-`,
    `cc-${TRACE}-${PARENT}-01-what-the-future-will-be-like\n`,
  ])('takes of a later version what it knows: %j', (text) => {
    expect(parseTraceparent(text)).toBe(GOOD);
  });

  it.each([
    undefined,
    null,
    1,
    {},
    [GOOD],
    '',
    `${GOOD}-01`,
    `${GOOD}-`,
    `${GOOD}\n`,
    ` ${GOOD}`,
    `ff-${TRACE}-${PARENT}-01`,
    `0-${TRACE}-${PARENT}-01`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `00-${TRACE}x-${PARENT}-01`,
    `00-${TRACE.slice(1)}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-1`,
    `00-${TRACE}-${PARENT}`,
    `cc-${TRACE}-${PARENT}-01.what-the-future-will-not-be-like`,
    `cc-${TRACE}-${PARENT}-011`,
  ])('does not take %j', (text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });
});

describe('The traceparent of a message', () => {
  const parse = (traceparent: unknown): ReturnType<typeof parseMessage> =>
    parseMessage(Buffer.from(JSON.stringify({ event: 'say', traceparent })));

  it('is that of its sender', () => {
    expect(parse(GOOD)?.traceparent).toBe(GOOD);
  });

  it.each([null, 7, {}, '', 'x'.repeat(1_000)])(
    'costs the message nothing when it is %j',
    (bad) => {
      expect(parse(bad)).toEqual({ event: 'say' });
    },
  );
});
