import { Generations } from '../../src/room/authority.js';
import type { RoomKey } from '../../src/admission/room-id.js';

const key = (n: number): RoomKey => `orders/${n}` as RoomKey;

describe('Generations', () => {
  it('make answers stale in the room concerned, and in no other', () => {
    const generations = new Generations();
    const before = [generations.of(key(1)), generations.of(key(2))];
    generations.raise(key(1));
    expect([generations.of(key(1)) === before[0], generations.of(key(2)) === before[1]]).toEqual([
      false,
      true,
    ]);
  });

  it('make answers stale everywhere when no room is named', () => {
    const generations = new Generations();
    generations.raise(key(1));
    const before = [generations.of(key(1)), generations.of(key(2))];
    generations.raise();
    expect(generations.of(key(1))).not.toBe(before[0]);
    expect(generations.of(key(2))).not.toBe(before[1]);
  });

  it('never take an answer from before for a fresh one, however many rooms there are', () => {
    const generations = new Generations();
    const before = Array.from({ length: 30_000 }, (_, n) => generations.of(key(n)));
    for (let n = 0; n < 30_000; n++) generations.raise(key(n));
    expect(before.filter((each, n) => generations.of(key(n)) === each)).toEqual([]);
  });
});
