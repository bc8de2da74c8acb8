import fc from 'fast-check';
import {
  parseHistory,
  parseJoin,
  parsePositionQuery,
  parseRoom,
  tokenOf,
} from '../../src/gateway/control-events.js';
import { propertyRuns } from '../support/property-runs.js';

const ROOM = '0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b';

describe('Whatever a client sends', () => {
  const members = fc.record(
    {
      room: fc.oneof(fc.constant(ROOM), fc.anything()),
      since: fc.anything(),
      position: fc.oneof(fc.record({ offset: fc.anything(), epoch: fc.anything() }), fc.anything()),
      limit: fc.anything(),
      token: fc.anything(),
      ['__proto__']: fc.anything(),
    },
    { requiredKeys: [] },
  );

  it('is understood or is not: nothing throws, and what is understood is what was asked for', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.jsonValue(), members), (data) => {
        const [join, room, history] = [parseJoin(data), parseRoom(data), parseHistory(data)];
        for (const each of [join, room, history])
          if (each?.room !== undefined) expect(each.room).toMatch(/^[0-9a-f-]{36}$/);
        for (const since of [join?.since, history?.since]) {
          if (!since) continue;
          expect(Number.isSafeInteger(since.offset) && since.offset >= 0).toBe(true);
          expect(since.epoch.length).toBeLessThanOrEqual(64);
        }
        if (history?.limit !== undefined) expect(history.limit).toBeGreaterThan(0);
        expect(['string', 'undefined']).toContain(typeof tokenOf(data));
      }),
      propertyRuns(1_000),
    );
  });

  it('is understood in a query or is not', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (offset, rest) => {
        const since = parsePositionQuery(`offset=${offset}&${rest}`);
        expect(Number.isSafeInteger(since?.offset)).toBe(true);
      }),
      propertyRuns(500),
    );
  });
});
