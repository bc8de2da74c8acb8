import fc from 'fast-check';
import { CANARY } from './canary.js';

/** What a client may send: a text frame, or the bytes of a binary one. */
export type HostileFrame = string | Uint8Array;

/** A longer frame would cost the connection, and end the run. */
const MAX_LENGTH = 20_000;
/** What is not text cannot be in a text frame. */
const LONE_SURROGATE = /[\uD800-\uDFFF]/gu;

/** The room that the sender is in, and one that it may not enter. */
export const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';
const ELSEWHERE = '0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b';

const words = (text: string): string[] => text.trim().split(/\s+/);

/** Events that the gateway of the test handles. */
const HANDLED = words('say mirror checked fail stream beside filtered');

const RESERVED = words(`
  auth.refresh room.join room.leave room.presence room.history
  hello ack exception auth.expiring auth.refreshed room.joined room.left presence.joined presence.left presence.gap gap goodbye
`);

/** JSON that no `JSON.stringify` writes: members are put together as text, so that it can be in any place. */
const ODD_JSON = words(String.raw`
  null true 0 -0 1e999 -1e999 1e308 5e-324 0.1 9007199254740993 123456789012345678901234567890
  "" "\ud800" "\udc00\ud800" "\u0000" "\u2028" "__proto__" "constructor" "toString"
  [] [null,{"__proto__":null}] {} {"a":1,"a":2} {"length":1e9} {"toString":1,"then":1,"toJSON":1}
  {"__proto__":{"polluted":true}} {"constructor":{"prototype":{"polluted":true}}}
  {"event":"hello","data":1} {"event":"said","data":1} {"event":{},"id":7}
  {"token":"a.b.c"} {"token":7}
  {"room":"${ROOM}"} {"room":"${ELSEWHERE}"} {"room":"${ROOM}","position":{"offset":0,"epoch":""}} {"room":"*"}
  {"since":{"offset":9007199254740991,"epoch":"e"},"limit":9} {"since":{"offset":-1,"epoch":{}},"limit":1e9}
  {"text":"a","items":[{"price":1}]} {"text":1,"items":[{},{"price":"1"}]}
`);

const deepJson = fc
  .tuple(fc.constantFrom('[', '{"a":'), fc.constantFrom(1, 50, 127, 128, 129, 130, 1_500))
  .map(([open, levels]) => open.repeat(levels) + '1' + (open === '[' ? ']' : '}').repeat(levels));

const secret = fc.constantFrom(`"${CANARY}"`, `{"text":"${CANARY}","items":["${CANARY}"]}`);

const anyJson = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...ODD_JSON) },
  { weight: 2, arbitrary: fc.json({ maxDepth: 3 }) },
  { weight: 1, arbitrary: secret },
  { weight: 1, arbitrary: deepJson },
);

const json = (value: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  value.map((it) => JSON.stringify(it));

/** Mostly what is expected in the place, else anything. */
const mostly = (expected: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ weight: 9, arbitrary: expected }, { weight: 1, arbitrary: anyJson });

const event = mostly(
  json(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...HANDLED) },
      { weight: 3, arbitrary: fc.constantFrom(...RESERVED) },
      fc.constantFrom('', 'x'.repeat(128), 'x'.repeat(129), CANARY, '__proto__', 'hasOwnProperty'),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
  ),
);

const id = fc.oneof(
  { weight: 8, arbitrary: json(fc.integer({ min: -2, max: 9 })) },
  { weight: 4, arbitrary: json(fc.double({ noNaN: true, noDefaultInfinity: true })) },
  { weight: 4, arbitrary: json(fc.string({ unit: 'binary', maxLength: 4 })) },
  { weight: 4, arbitrary: json(fc.constantFrom('', 'x'.repeat(64), 'x'.repeat(65), '1')) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('-0', '1e999', '-1e999', '123456789012345678901234567890'),
  },
  { weight: 2, arbitrary: anyJson },
);

const room = mostly(json(fc.constantFrom(ROOM, ROOM.toUpperCase(), ELSEWHERE, '*', `${ROOM} `)));

const traceparent = mostly(
  json(
    fc.constantFrom(
      '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      `cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-${CANARY}`,
      `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
      `${'00-'.repeat(999)}`,
    ),
  ),
);

const member = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('id'), id) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('data'), anyJson) },
  fc.tuple(fc.constant('event'), event),
  fc.tuple(fc.constant('room'), room),
  fc.tuple(fc.constant('traceparent'), traceparent),
  fc.tuple(fc.constantFrom('__proto__', 'constructor', 'isControl', ''), anyJson),
);

/** Members in any order, some twice. */
const object = fc
  .tuple(event, fc.array(member, { maxLength: 5 }), fc.nat())
  .map(([first, rest, at]) => {
    const members: [string, string][] = [...rest];
    members.splice(at % (rest.length + 1), 0, ['event', first]);
    return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
  });

const mutation = fc.constantFrom<(text: string, at: number, bit: string) => string>(
  (it, at) => it.slice(0, at),
  (it, at) => it.slice(at),
  (it, at, bit) => it.slice(0, at) + bit + it.slice(at),
  (it, at, bit) => it.slice(0, at) + bit + it.slice(at + 1),
  (it) => `\uFEFF${it}`,
  (it) => ` \n${it}\t`,
  (it) => it + it,
  (it) => `[${it}]`,
);

const bit = fc.oneof(
  fc.constantFrom('"', '{', '}', '[', ']', ',', ':', '\\', '\0', '\u2028', '1e', '-'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }),
);

/** Cut off, with something in it or around it, or sent twice. */
const mutated = fc
  .tuple(object, mutation, fc.nat(), bit)
  .map(([it, mutate, at, with_]) => mutate(it, at % (it.length + 1), with_))
  .map((it) => it.slice(0, MAX_LENGTH).replace(LONE_SURROGATE, '\uFFFD'));

/** Frames of a client that knows the protocol, and means no good. */
export const hostileFrame: fc.Arbitrary<HostileFrame> = fc.oneof(
  { weight: 12, arbitrary: object },
  { weight: 4, arbitrary: mutated },
  { weight: 1, arbitrary: anyJson },
  { weight: 1, arbitrary: object.map((it) => Buffer.from(it)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
);
