import {
  parseHistory,
  parseJoin,
  parsePositionQuery,
  parseRoom,
  tokenOf,
} from '../../src/gateway/control-events.js';

const ROOM = '0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b';
const SINCE = { offset: 5, epoch: 'e1' };
const LONGEST = 'x'.repeat(64);

/** What no position may be. */
const NO_POSITIONS: unknown[] = [
  null,
  5,
  'e1',
  true,
  [],
  [5, 'e1'],
  {},
  { offset: 5 },
  { epoch: 'e1' },
  { ...SINCE, offset: -1 },
  { ...SINCE, offset: 0.5 },
  { ...SINCE, offset: 1e300 },
  { ...SINCE, offset: 2 ** 53 },
  { ...SINCE, offset: '5' },
  { ...SINCE, offset: null },
  { ...SINCE, offset: [5] },
  { ...SINCE, offset: NaN },
  { ...SINCE, offset: Infinity },
  { ...SINCE, epoch: 1 },
  { ...SINCE, epoch: null },
  { ...SINCE, epoch: ['e1'] },
  { ...SINCE, epoch: `${LONGEST}x` },
  { ...SINCE, connectionId: null },
  { ...SINCE, connectionId: 7 },
  { ...SINCE, connectionId: `${LONGEST}x` },
];

const NO_ROOMS: unknown[] = [null, 1, '', 'room', [ROOM], {}, `${ROOM} `, `${ROOM}\n`, true];
const NO_DATA: unknown[] = [null, 1, 'text', true, [], [ROOM]];

describe('parseJoin', () => {
  it('knows a room, however it is spelled, and a position', () => {
    expect(parseJoin({ room: ROOM })).toEqual({ room: ROOM });
    expect(parseJoin({ room: ROOM.toUpperCase(), more: 1 })).toEqual({ room: ROOM });
    expect(parseJoin({ room: ROOM, position: SINCE })).toEqual({ room: ROOM, since: SINCE });
    const most = { offset: Number.MAX_SAFE_INTEGER, epoch: LONGEST, connectionId: LONGEST };
    expect(parseJoin({ room: ROOM, position: { ...most, more: 1 } })?.since).toEqual(most);
    expect(parseJoin({ room: ROOM, position: { offset: 0, epoch: '' } })?.since?.offset).toBe(0);
  });

  it.each([undefined, ...NO_DATA, {}])('wants a room: %j is nothing', (data) => {
    expect(parseJoin(data)).toBeUndefined();
  });

  it.each(NO_ROOMS)('does not take %j for a room', (room) => {
    expect(parseJoin({ room })).toBeUndefined();
  });

  it.each(NO_POSITIONS)('does not take %j for a position, nor for none', (position) => {
    expect(parseJoin({ room: ROOM, position })).toBeUndefined();
  });
});

describe('parseRoom', () => {
  it('needs no room, and no data', () => {
    expect([parseRoom(undefined), parseRoom({}), parseRoom({ more: 1 })]).toEqual([{}, {}, {}]);
    expect(parseRoom({ room: ROOM.toUpperCase() })).toEqual({ room: ROOM });
  });

  it.each(NO_DATA)('does not take %j for data', (data) => {
    expect(parseRoom(data)).toBeUndefined();
  });

  it.each(NO_ROOMS)('does not take %j for a room, nor for none', (room) => {
    expect(parseRoom({ room })).toBeUndefined();
  });
});

describe('parseHistory', () => {
  it('needs nothing, and knows a room, a position and a limit', () => {
    expect([parseHistory(undefined), parseHistory({})]).toEqual([{}, {}]);
    expect(parseHistory({ room: ROOM, since: SINCE, limit: 3, more: 1 })).toEqual({
      room: ROOM,
      since: SINCE,
      limit: 3,
    });
  });

  it.each(NO_DATA)('does not take %j for data', (data) => {
    expect(parseHistory(data)).toBeUndefined();
  });

  it.each(NO_ROOMS)('does not take %j for a room', (room) => {
    expect(parseHistory({ room, since: SINCE })).toBeUndefined();
  });

  it.each(NO_POSITIONS)('does not take %j for a position, nor for none', (since) => {
    expect(parseHistory({ since })).toBeUndefined();
  });

  it.each([null, 0, -1, 0.5, '5', [5], {}, true, NaN, Infinity, 2 ** 53, 1e300])(
    'does not take %j for a limit',
    (limit) => {
      expect(parseHistory({ limit })).toBeUndefined();
    },
  );
});

describe('tokenOf', () => {
  it('knows a token that is a text', () => {
    expect(tokenOf({ token: 'abc' })).toBe('abc');
    for (const data of [undefined, ...NO_DATA, {}, { token: 1 }, { token: ['abc'] }])
      expect(tokenOf(data)).toBeUndefined();
  });
});

describe('parsePositionQuery', () => {
  const UNKNOWN = { offset: 0, epoch: '' };

  it('knows a position, and who had it', () => {
    expect(parsePositionQuery('offset=5&epoch=e1')).toEqual(SINCE);
    expect(parsePositionQuery('a=b&epoch=e%31&connectionId=c&offset=0')).toEqual({
      offset: 0,
      epoch: 'e1',
      connectionId: 'c',
    });
  });

  it.each(['', 'a=b', 'connectionId=c', 'Offset=5&EPOCH=e1', '&&=&'])('has none in %j', (query) => {
    expect(parsePositionQuery(query)).toBeUndefined();
  });

  it.each([
    'offset=5',
    'epoch=e1',
    'offset=&epoch=e1',
    'offset=-1&epoch=e1',
    'offset=+5&epoch=e1',
    'offset=5.0&epoch=e1',
    'offset=5e3&epoch=e1',
    'offset=0x5&epoch=e1',
    'offset=%20%205&epoch=e1',
    'offset=%D9%A5&epoch=e1',
    'offset=9999999999999999&epoch=e1',
    `offset=${'9'.repeat(400)}&epoch=e1`,
    'offset=NaN&epoch=e1',
    `offset=5&epoch=${LONGEST}x`,
    `offset=5&epoch=e1&connectionId=${LONGEST}x`,
    'offset=x&offset=5&epoch=e1',
    'offset[]=5&epoch=e1&offset=%',
  ])('takes %j for a position that is not known, so that nobody believes it was heard', (query) => {
    expect(parsePositionQuery(query)).toEqual(UNKNOWN);
  });
});
