import type { RoomKey } from '../../src/admission/room-id.js';
import { encodeOrder, type Order, parseOrder } from '../../src/room/orders.js';
import { ROOM } from '../support/live-room.js';

const KEY = `orders/${ROOM}` as RoomKey;
const FROM = 'node';
const GOOD = { version: 1, from: FROM, kind: 'close', key: KEY };

const ORDERS: readonly Order[] = [
  { kind: 'close', key: KEY },
  { kind: 'disconnect', identity: 'i' },
  { kind: 'disconnect', connectionId: 'c' },
  { kind: 'disconnect', key: KEY },
  { kind: 'disconnect', key: KEY, identity: 'i' },
  { kind: 'reauthorize', key: KEY },
  { kind: 'reauthorize', identity: 'i' },
  { kind: 'reauthorize' },
];

describe('An order', () => {
  it.each(ORDERS)('arrives as it was sent: %p', (order) => {
    expect(parseOrder(encodeOrder(order, FROM))).toEqual({ from: FROM, order });
  });

  it.each<[string, unknown]>([
    ['of another version', { ...GOOD, version: 2 }],
    ['of a version in words', { ...GOOD, version: '1' }],
    ['of no version', { ...GOOD, version: undefined }],
    ['of an unknown kind', { ...GOOD, kind: 'grant' }],
    ['of a kind that is a method of objects', { ...GOOD, kind: 'constructor' }],
    ['of no kind', { ...GOOD, kind: undefined }],
    ['of several kinds', { ...GOOD, kind: ['close'] }],
    ['from nobody', { ...GOOD, from: undefined }],
    ['from a node without a name', { ...GOOD, from: '' }],
    ['from something else than a node', { ...GOOD, from: { toString: 1 } }],
    ['from a node with an endless name', { ...GOOD, from: 'x'.repeat(257) }],
    ['with one member more', { ...GOOD, rights: { join: true } }],
    [
      'with a prototype',
      JSON.parse(JSON.stringify(GOOD).replace('"kind"', '"__proto__":{},"kind"')),
    ],
    ['that closes no room', { ...GOOD, key: undefined }],
    ['that closes for one', { ...GOOD, identity: 'i' }],
    ['that closes a room in capitals', { ...GOOD, key: KEY.toUpperCase() }],
    ['that closes a room without a name', { ...GOOD, key: `/${ROOM}` }],
    ['that closes a room without an id', { ...GOOD, key: 'orders/' }],
    ['that closes a room of another spelling', { ...GOOD, key: `orders/${ROOM.toUpperCase()}` }],
    ['that closes itself', { ...GOOD, key: '~orders' }],
    ['that closes a number', { ...GOOD, key: 7 }],
    ['that disconnects nobody', { ...GOOD, kind: 'disconnect', key: undefined }],
    ['that disconnects null', { ...GOOD, kind: 'disconnect', key: undefined, identity: null }],
    ['that disconnects all', { ...GOOD, kind: 'disconnect', key: undefined, identity: '' }],
    ['that disconnects by two names', { ...GOOD, kind: 'disconnect', connectionId: 'c' }],
    [
      'that reauthorizes a connection',
      { version: 1, from: FROM, kind: 'reauthorize', connectionId: 'c' },
    ],
    ['that reauthorizes by two names', { ...GOOD, kind: 'reauthorize', identity: 'i' }],
    ['that is a list', [GOOD]],
    ['that is null', null],
    ['that is a text', 'close'],
  ])('%s is none', (_what, value) => {
    expect(parseOrder(JSON.stringify(value))).toBeUndefined();
  });

  it.each<[string, string | Buffer]>([
    ['no JSON', '{"version":1'],
    ['nothing', ''],
    ['bytes', Buffer.from(JSON.stringify(GOOD))],
    ['padded without end', `${JSON.stringify(GOOD)}${' '.repeat(4_096)}`],
  ])('that is %s is none', (_what, body) => {
    expect(parseOrder(body)).toBeUndefined();
    expect(parseOrder(JSON.stringify(GOOD))).toBeDefined();
  });

  it.each<object>([
    { kind: 'disconnect', identity: undefined },
    { kind: 'disconnect', key: KEY, identity: undefined },
    { kind: 'disconnect', connectionId: '' },
    { kind: 'disconnect', identity: 'x'.repeat(257) },
    { kind: 'reauthorize', identity: null },
    { kind: 'reauthorize', identity: { length: 1 } },
    { kind: 'close', key: 'orders' },
  ])('of a target that is none is not sent: %p', (order) => {
    expect(() => encodeOrder(order as Order, FROM)).toThrow(
      expect.objectContaining({ code: 'invalid_data' }),
    );
  });

  it('fits, however long what it names', () => {
    const longest = {
      kind: 'disconnect',
      key: `${'a'.repeat(64)}/${ROOM}`,
      identity: '\u0001'.repeat(256),
    };
    const order = longest as unknown as Order;
    expect(parseOrder(encodeOrder(order, 'x'.repeat(64)))?.order).toEqual(order);
  });
});
