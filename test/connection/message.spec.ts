import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { RoomgateError } from 'nestjs-roomgate';
import { parseRoomId } from '../../src/admission/room-id.js';
import {
  encodeMessage,
  isControl,
  isReserved,
  parseMessage,
  refuseReserved,
} from '../../src/connection/message.js';
import { caught } from '../support/caught.js';
import { propertyRuns } from '../support/property-runs.js';

const parse = (text: string): ReturnType<typeof parseMessage> => parseMessage(Buffer.from(text));
const room = randomUUID();

describe('parseMessage', () => {
  it.each([
    ['an event alone', { event: 'say' }],
    ['a text as id', { event: 'say', data: null, id: '' }],
    ['a number as id', { event: 'say', data: [1], id: 0 }],
    ['an event of 128 characters', { event: 'x'.repeat(128) }],
    ['an id of 64 characters', { event: 'say', id: 'x'.repeat(64) }],
    ['a room', { event: 'say', room }],
  ])('takes %s', (_, message) => {
    expect(parse(JSON.stringify(message))).toEqual({
      data: undefined,
      id: undefined,
      room: undefined,
      ...message,
    });
  });

  it.each([
    '',
    'say',
    'null',
    '1',
    '"say"',
    '[]',
    '[{"event":"say"}]',
    '{}',
    '{"event":""}',
    '{"event":1}',
    '{"event":{"toString":"say"}}',
    `{"event":"${'x'.repeat(129)}"}`,
    '{"event":"say","id":null}',
    '{"event":"say","id":true}',
    '{"event":"say","id":{}}',
    '{"event":"say","id":1e999}',
    '{"event":"say","id":1732999999123456789}',
    '{"event":"say","id":9007199254740993}',
    '{"event":"say","id":-9007199254740993}',
    '{"event":"say","id":1.0}',
    '{"event":"say","id":1.0000000000000000001}',
    '{"event":"say","id":0.99999999999999999999}',
    '{"event":"say","id":1e0}',
    '{"event":"say","id":10E-1}',
    '{"event":"say","id":-0}',
    '{"event":"say","id":2,"id":1e0}',
    '{"event":"say","data":{"n":"\\"id\\":1"},"id":1e0}',
    `{"event":"say","id":"${'x'.repeat(65)}"}`,
    '{"event":"say","room":null}',
    '{"event":"say","room":"lobby"}',
    `{"event":"say","room":["${room}"]}`,
    `{"event":"say","room":"${room} "}`,
    '{"event":"say"}{"event":"say"}',
  ])('does not take %s', (text) => {
    expect(parse(text)).toBeUndefined();
  });

  it('spells a room in one way', () => {
    expect(parse(`{"event":"say","room":"${room.toUpperCase()}"}`)?.room).toBe(room);
  });

  it('ignores what it does not know, and __proto__ is only data', () => {
    const message = parse(
      '{"__proto__":{"event":"forged","room":"x"},"event":"say","constructor":1,"data":{"__proto__":{"isAdmin":true}}}',
    );
    expect(Object.keys(message as object)).toEqual(['event', 'data', 'id', 'room', 'traceparent']);
    expect(message?.event).toBe('say');
    expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    expect(parse('{"__proto__":{"event":"forged"}}')).toBeUndefined();
  });

  it('never throws, and never gives a room that is not canonical or an event that is none', () => {
    const member = fc.oneof(
      fc.jsonValue(),
      fc.uuid(),
      fc.uuid().map((id) => id.toUpperCase()),
      fc.constantFrom(' ', 'say', '__proto__'),
    );
    const almost = fc
      .record({ event: member, data: member, id: member, room: member }, { requiredKeys: [] })
      .map((value) => Buffer.from(JSON.stringify(value)));
    const bytes = fc.oneof(
      almost,
      fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
      fc.json().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        const message = parseMessage(input);
        if (message === undefined) return;
        expect(typeof message.event === 'string' && message.event.length > 0).toBe(true);
        expect(['undefined', 'string', 'number']).toContain(typeof message.id);
        if (message.room !== undefined) expect(parseRoomId(message.room)).toBe(message.room);
      }),
      propertyRuns(500),
    );
  });
});

describe('The id of a message', () => {
  it.each<[string, unknown]>([
    ['{"event":"say","id":9007199254740991}', Number.MAX_SAFE_INTEGER],
    ['{"event":"say","id":-9007199254740991}', Number.MIN_SAFE_INTEGER],
    ['{"event":"say","id":-1.5}', -1.5],
    ['{"event":"say","id": 1e+21}', 1e21],
    ['{ "id" : 7 , "event" : "say" }', 7],
    ['{"data":{"id":1.5},"id":\n7\n,"event":"say"}', 7],
    ['{"data":{"id":70},"event":"say","id":7}', 7],
    ['{"event":"say","id":1,"id":2}', 2],
    ['{"event":"say","id":"1732999999123456789"}', '1732999999123456789'],
  ])('is answered in the digits of the client: %s', (text, id) => {
    expect(parse(text)?.id).toBe(id);
  });

  it('is never another number than the one that was written', () => {
    fc.assert(
      fc.property(fc.oneof(fc.bigInt(), fc.double().map(String)), (written) => {
        const id = parse(`{"event":"say","id":${written}}`)?.id;
        if (id !== undefined) expect(String(id)).toBe(String(written));
      }),
      propertyRuns(1_000),
    );
  });
});

describe('encodeMessage', () => {
  it('leaves out what is undefined', () => {
    expect(encodeMessage('ack')).toBe('{"event":"ack"}');
    expect(encodeMessage('ack', null, 0)).toBe('{"event":"ack","data":null,"id":0}');
  });

  it.each([
    ['a cycle', Object.assign([], { 0: [] as unknown[] }).map((_, __, all) => all)],
    ['a BigInt', { n: 1n }],
    [
      'something that refuses',
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
    ],
  ])('refuses %s', (_, data) => {
    if (Array.isArray(data)) data[0] = data as never;
    expect(caught(() => encodeMessage('say', data))).toMatchObject({ code: 'invalid_data' });
  });
});

describe('Reserved events', () => {
  it.each(['hello', 'ack', 'exception', 'goodbye', 'gap', 'room.left', 'presence.joined'])(
    'lets only roomgate send %s',
    (event) => {
      expect([isReserved(event), isControl(event)]).toEqual([true, false]);
      expect(caught(() => refuseReserved(event))).toBeInstanceOf(RoomgateError);
    },
  );

  it.each(['auth.refresh', 'room.join', 'room.leave', 'room.presence', 'room.history'])(
    'keeps %s in the control lane',
    (event) => {
      expect([isReserved(event), isControl(event)]).toEqual([true, true]);
    },
  );

  it.each([
    JSON.stringify({ event: 'said', data: 1 }),
    JSON.stringify(['said', 1]),
    'x'.repeat(129),
    '',
    undefined,
    { event: 'said' },
  ])('takes a name and no frame: %j', (event) => {
    expect(caught(() => refuseReserved(event as string))).toMatchObject({ code: 'invalid_data' });
  });

  it.each(['say', 'Ack', 'room', '__proto__', 'constructor'])('leaves %s to the app', (event) => {
    expect([isReserved(event), isControl(event)]).toEqual([false, false]);
    refuseReserved(event);
  });
});

describe('The nesting of data', () => {
  const nested = (levels: number): Buffer =>
    Buffer.from(`{"event":"e","data":${'['.repeat(levels)}${']'.repeat(levels)}}`);

  it.each([1, 128])('may be %d levels deep', (levels) => {
    expect(parseMessage(nested(levels))?.event).toBe('e');
  });

  it.each([129, 6_000, 30_000])(
    'may not be %d levels deep: what comes after the parser could not take it',
    (levels) => {
      expect(parseMessage(nested(levels))).toBeUndefined();
    },
  );
});
