import type { RoomKey } from '../../src/admission/room-id.js';
import { LostRights } from '../../src/room/authority.js';

const A = 'orders/a' as RoomKey;
const B = 'orders/b' as RoomKey;

describe('LostRights', () => {
  let rights: LostRights;
  beforeEach(() => (rights = new LostRights()));

  it('says nothing of somebody who lost nothing, nor of others and other rooms', () => {
    rights.lost(A, 'alice');
    expect([
      rights.notBefore(A, 'bob', 5),
      rights.notBefore(B, 'alice', 5),
      new LostRights().notBefore(A, 'alice', 5),
    ]).toEqual([undefined, undefined, undefined]);
  });

  it('begins behind the millisecond of being let in again: in it something may have been said before', () => {
    rights.lost(A, 'alice');
    expect(rights.notBefore(A, 'alice', 1_000)).toBe(1_001);
  });

  it('stays at the first time of being let in again, until the room is lost once more', () => {
    rights.lost(A, 'alice');
    const first = rights.notBefore(A, 'alice', 1_000);
    expect(rights.notBefore(A, 'alice', 2_000)).toBe(first);
    rights.lost(A, 'alice');
    rights.lost(A, 'alice');
    expect(rights.notBefore(A, 'alice', 3_000)).toBeGreaterThan(3_000);
  });

  it('remembers the most recent five thousand at least, and not more than ten thousand', () => {
    for (let n = 0; n < 20_000; n++) rights.lost(A, `s${n}`);
    const known = (from: number, to: number): number =>
      Array.from({ length: to - from }, (_, n) => rights.notBefore(A, `s${from + n}`, 1)).filter(
        (time) => time !== undefined,
      ).length;
    expect(known(15_000, 20_000)).toBe(5_000);
    expect(known(0, 10_000)).toBe(0);
  });
});
