import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { RoomKey } from '../../src/admission/room-id.js';
import { encodeTextFrame } from '../../src/connection/frame.js';
import { Turn } from '../../src/connection/outbox.js';
import { LocalRoom } from '../../src/room/local-room.js';
import { FakeMember } from '../support/fake-member.js';

describe('LocalRoom', () => {
  let turn: Turn;
  let room: LocalRoom;
  let alice: FakeMember;
  let bob: FakeMember;
  const say = (text: string, except?: string): void =>
    room.deliver(encodeTextFrame(text), { offset: room.position.offset + 1, except });

  beforeEach(() => {
    turn = new Turn(() => 0);
    room = new LocalRoom('default/a' as RoomKey, turn);
    alice = new FakeMember(turn, 'alice');
    bob = new FakeMember(turn, 'bob');
    room.join(alice.asConnection);
    room.join(bob.asConnection);
  });

  it('gives all members the same bytes, in one write each', () => {
    say('1');
    say('2');
    turn.flush();
    expect([alice.texts, bob.texts]).toEqual([
      ['1', '2'],
      ['1', '2'],
    ]);
    expect(alice.socket.writes).toHaveLength(1);
    expect(alice.socket.writes[0]).toBe(bob.socket.writes[0]);
  });

  it('leaves out one member of one publication', () => {
    say('1');
    say('2', 'alice');
    say('3', 'nobody');
    turn.flush();
    expect([alice.texts, bob.texts]).toEqual([
      ['1', '3'],
      ['1', '2', '3'],
    ]);
  });

  it('writes nothing to a member that was left out of everything', () => {
    say('1', 'alice');
    say('2', 'alice');
    turn.flush();
    expect([alice.socket.writes.length, bob.texts]).toEqual([0, ['1', '2']]);
  });

  it('gives a newcomer what is said after it came, in the same turn too', () => {
    const carol = new FakeMember(turn, 'carol');
    say('1');
    room.join(carol.asConnection);
    say('2');
    say('3');
    turn.flush();
    expect(carol.texts).toEqual(['2', '3']);
    expect(carol.socket.writes).toHaveLength(1);
  });

  it('gives one who leaves what was said before it left', () => {
    say('1');
    room.leave(alice.asConnection);
    say('2');
    turn.flush();
    expect([alice.texts, bob.texts]).toEqual([['1'], ['1', '2']]);
  });

  it('follows one who leaves and comes back, again and again', () => {
    for (const text of ['1', '2', '3', '4']) {
      say(text);
      room.leave(alice.asConnection);
      say(`${text} missed`);
      room.join(alice.asConnection);
    }
    turn.flush();
    expect(alice.texts).toEqual(['1', '2', '3', '4']);
  });

  it('keeps publications and frames of a member’s own in order', () => {
    alice.send('a');
    say('1');
    alice.send('b');
    alice.send('c');
    say('2');
    say('3', 'alice');
    alice.send('d');
    say('4');
    turn.flush();
    expect([alice.texts, bob.texts]).toEqual([
      ['a', '1', 'b', 'c', '2', 'd', '4'],
      ['1', '2', '3', '4'],
    ]);
  });

  it('hands over early what a handler says that never ends its turn', () => {
    const large = 'x'.repeat(600_000);
    say(large);
    say(large);
    expect(alice.socket.writes).toHaveLength(0);
    say('2');
    expect(alice.socket.writes.length).toBeGreaterThan(0);
    turn.flush();
    expect(alice.texts).toEqual([large, large, '2']);
  });

  it('does not hand over early in the turn after a large one', () => {
    say('x'.repeat(1_048_577));
    turn.flush();
    alice.send('1');
    say('2');
    turn.flush();
    expect(alice.socket.writes).toHaveLength(2);
  });

  it('keeps neither members nor bytes that are gone', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const mallory = (): WeakRef<object> => {
      const member = new FakeMember(turn, 'mallory');
      room.join(member.asConnection);
      say('1', 'mallory');
      turn.flush();
      room.leave(member.asConnection);
      return new WeakRef(member);
    };
    const gone = mallory();
    for (let round = 0; round < 3; round++) {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    }
    expect(gone.deref()).toBeUndefined();
    expect(room.members.size).toBe(2);
  });
});
