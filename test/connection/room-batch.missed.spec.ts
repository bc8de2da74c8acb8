import type { RoomId, RoomKey } from '../../src/admission/room-id.js';
import { encodeTextFrame } from '../../src/connection/frame.js';
import { Missed, RoomBatch } from '../../src/connection/room-batch.js';
import { behind } from '../support/placed.js';
import { FakeOwner } from '../support/outbox-owner.js';

const A = 'default/a' as RoomKey;
const B = 'default/b' as RoomKey;
const at = (offset: number, epoch = 'e'): { offset: number; epoch: string } => ({ offset, epoch });

/** What a room says in a turn, from the offset on. */
function say(owner: FakeOwner, key: RoomKey, from: number, sizes: number[]): RoomBatch {
  const batch = new RoomBatch(key, 'e');
  owner.outbox.addBatch(batch, 0);
  for (const [index, size] of sizes.entries())
    batch.append(encodeTextFrame(`${from + index}`.padEnd(size, '.')), behind(from + index));
  return batch;
}

const missedOf = (owner: FakeOwner): unknown => Object.fromEntries(owner.outbox.missed.take());

describe('Missed', () => {
  it('goes on from the first loss of each room, until it is asked', () => {
    const missed = new Missed();
    expect([...missed.take()]).toEqual([]);
    missed.add({ key: A, before: at(7), isControl: false });
    missed.add({ key: B, before: at(3), isControl: false });
    missed.add({ key: A, before: at(9), isControl: false });
    expect([...missed.take()]).toEqual([
      [A, at(7)],
      [B, at(3)],
    ]);
    expect([...missed.take()]).toEqual([]);
    missed.add({ key: A, before: at(12), isControl: false });
    expect([...missed.take()]).toEqual([[A, at(12)]]);
  });

  it('has nothing to say of replies and control frames', () => {
    const missed = new Missed();
    missed.add({ isControl: true });
    missed.add({ key: 'default/x' as RoomKey & RoomId, isControl: false });
    missed.add({ before: at(1), isControl: false });
    expect([...missed.take()]).toEqual([]);
  });
});

describe('A muted connection', () => {
  let owner: FakeOwner;
  beforeEach(() => (owner = new FakeOwner()));

  it('has missed what a turn said since it was muted, from the first of it', () => {
    say(owner, A, 4, [1, 1, 1]);
    say(owner, B, 8, [1]);
    owner.isAlive = false;
    owner.turn.flush();
    expect(missedOf(owner)).toEqual({ [A]: at(4), [B]: at(8) });
    expect(owner.texts).toEqual([]);
  });

  it('has missed of a batch only what it was to get of it', () => {
    const batch = say(owner, A, 4, [1]);
    batch.remove(owner.outbox);
    owner.turn.flush();
    batch.append(encodeTextFrame('for others'), behind(5));
    owner.outbox.addBatch(batch, 2);
    batch.append(encodeTextFrame('6'), behind(6));
    owner.isAlive = false;
    owner.turn.flush();
    expect([owner.texts, missedOf(owner)]).toEqual([['4'], { [A]: at(6) }]);
  });

  it('has missed nothing of a turn of which it was left out', () => {
    const batch = new RoomBatch(A, 'e');
    owner.outbox.addBatch(batch, 0);
    batch.remove(owner.outbox);
    batch.append(encodeTextFrame('for others'), behind(5));
    owner.isAlive = false;
    owner.turn.flush();
    expect(missedOf(owner)).toEqual({});
  });

  it('has missed what waited for it, from the first publication that it was not given', async () => {
    owner.socket.stall();
    say(owner, A, 0, [20_000, 20_000, 20_000, 20_000]);
    owner.turn.flush();
    const given = owner.texts.length;
    expect(given).toBeGreaterThan(0);
    expect(given).toBeLessThan(4);
    owner.isAlive = false;
    say(owner, A, 4, [1]);
    say(owner, B, 0, [1]);
    owner.turn.flush();
    expect(missedOf(owner)).toEqual({ [A]: at(given), [B]: at(0) });
    await owner.socket.readAll();
    expect(owner.texts).toHaveLength(given);
  });

  it('has missed nothing of a room that was dropped before', () => {
    say(owner, A, 4, [1]);
    say(owner, B, 4, [1]);
    owner.outbox.drop(A);
    owner.isAlive = false;
    owner.turn.flush();
    expect(missedOf(owner)).toEqual({ [B]: at(4) });
  });
});
