import type { RoomKey } from '../../src/admission/room-id.js';
import { MemoryEngine } from '../../src/room/engine/memory/memory.engine.js';
import { FakeMember } from '../support/fake-member.js';
import { RoomStage } from '../support/room-stage.js';

const ROOMS = 500;
const keys = Array.from({ length: ROOMS }, (_, n) => `default/${n}` as RoomKey);

/** How long the lists of memberships are together that a member is given from now on. */
function countListed(member: FakeMember): () => number {
  let { memberships } = member;
  let listed = 0;
  Object.defineProperty(member, 'memberships', {
    get: () => memberships,
    set: (list: typeof memberships) => {
      memberships = list;
      listed += list.length;
    },
  });
  return () => listed;
}

describe('One that leaves all of its rooms', () => {
  let stage: RoomStage;
  let alice: FakeMember;
  let bob: FakeMember;

  beforeEach(async () => {
    stage = new RoomStage(new MemoryEngine());
    [alice, bob] = [new FakeMember(), new FakeMember()];
    for (const key of keys) await alice.join(stage.memberships, key);
    await bob.join(stage.memberships, keys[ROOMS - 1] as RoomKey);
  });

  it('leaves them at once, and not with another list of the rest for each: that would be quadratic', () => {
    const listed = countListed(alice);
    stage.memberships.leaveAll(alice.asConnection);
    expect(listed()).toBe(0);
    expect([alice.memberships.length, stage.memberships.size]).toEqual([0, 1]);
  });

  it('is out of every one of them when listeners are told of the first', () => {
    const told: string[] = [];
    const states = new Set<string>();
    const isIn = (key: RoomKey): boolean =>
      stage.memberships.get(key)?.members.has(alice.id) ?? false;
    stage.listeners.add({
      onLeave: (_connection, room) => {
        told.push(room);
        states.add(`${alice.memberships.length} ${keys.filter(isIn).length}`);
        // Once more, as when its socket closes.
        stage.memberships.leaveAll(alice.asConnection);
      },
      onRoomEmpty: (_name, room) => told.push(`empty ${room}`),
    });
    stage.memberships.leaveAll(alice.asConnection);
    const last = `${ROOMS - 1}`;
    const others = keys.slice(0, -1).flatMap((_, n) => [`${n}`, `empty ${n}`]);
    expect(told).toEqual([...others, last]);
    expect([...states]).toEqual(['0 0']);
    expect(stage.memberships.get(`default/${last}` as RoomKey)?.members.size).toBe(1);
  });
});
