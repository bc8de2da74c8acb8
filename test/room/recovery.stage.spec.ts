import type { RoomId, RoomKey } from '../../src/admission/room-id.js';
import { roomRights } from '../../src/admission/room-admission.js';
import { FakeMember } from '../support/fake-member.js';
import { got, KEY, RecoveryStage } from '../support/recovery-stage.js';

describe('Catching up', () => {
  let stage: RecoveryStage;
  let alice: FakeMember;
  let epoch: string;

  beforeEach(async () => {
    stage = new RecoveryStage();
    alice = new FakeMember(stage.turn, 'alice');
    await new FakeMember(stage.turn, 'host').join(stage.memberships, KEY);
    ({ epoch } = stage.say('1'));
  });
  const since = (offset: number, connectionId?: string) => ({ offset, epoch, connectionId });

  it('gives once what a listener says to those who come in', async () => {
    stage.listeners.add({ onJoin: () => void stage.say('alice is here') });
    await stage.enter(alice, since(0));
    await stage.settle();
    expect(got(alice)).toEqual(['1*', 'alice is here']);
  });

  it('gives nothing twice when what is read is ahead of what is delivered', async () => {
    stage.memberships.get(KEY)?.begin({ offset: 0, epoch });
    await stage.enter(alice, since(0));
    await stage.settle();
    const late = { publicationId: '1', offset: 1, body: '{"event":"1"}', publishedAt: 0 };
    stage.sink.deliver(KEY, late);
    stage.say('2');
    await stage.settle();
    expect(got(alice)).toEqual(['1*', '2']);
  });

  it('gives nothing twice to one who has more from elsewhere than was delivered here, be it with a gap', async () => {
    stage.memberships.get(KEY)?.begin({ offset: 0, epoch });
    stage.engine.reads = [];
    await stage.enter(alice, since(1));
    await stage.answer('fail');
    const late = { publicationId: '1', offset: 1, body: '{"event":"1"}', publishedAt: 0 };
    stage.sink.deliver(KEY, late);
    stage.say('2');
    await stage.settle();
    expect(got(alice)).toEqual(['gap to 1', '2']);
  });

  it('tells of a gap when what is read is behind what was delivered before', async () => {
    stage.memberships.get(KEY)?.begin({ offset: 5, epoch });
    await stage.enter(alice, since(0));
    await stage.settle();
    expect(got(alice)).toEqual(['gap to 5']);
  });

  it.each([
    ['in the middle, where a node with other settings has kept nothing', 1],
    ['at the end, which a node with other settings has not asked for', 2],
  ])('tells of a gap when something is missing %s', async (_, missing) => {
    for (const text of ['2', '3']) stage.say(text);
    const read = stage.engine.read.bind(stage.engine);
    stage.engine.read = (...asked) => {
      const page = read(...asked);
      return { ...page, publications: page.publications.toSpliced(missing, 1) };
    };
    await stage.enter(alice, since(0));
    await stage.settle();
    expect(got(alice)).toEqual(['gap to 3']);
  });

  it('goes further back when more was lost while it reads', async () => {
    stage.say('2');
    stage.engine.reads = [];
    await stage.enter(alice, since(2));
    stage.recovery.begin(alice.asConnection, KEY, since(0));
    await stage.answer();
    await stage.answer();
    expect(got(alice)).toEqual(['1*', '2*']);
  });

  it('is told of a gap when the losses are of different lives of the room', async () => {
    stage.engine.reads = [];
    await stage.enter(alice, since(1));
    stage.recovery.begin(alice.asConnection, KEY, { offset: 0, epoch: 'before' });
    stage.say('2');
    await stage.answer();
    await stage.answer();
    stage.say('3');
    await stage.settle();
    expect(got(alice)).toEqual(['gap to 2', '3']);
  });

  it('reads again when the room is interrupted meanwhile, and loses nothing', async () => {
    stage.engine.reads = [];
    await stage.enter(alice, since(0));
    stage.say('2');
    stage.sink.interrupted(KEY, { offset: 3, epoch });
    expect(stage.engine.reads).toHaveLength(2);
    stage.memberships.get(KEY)?.begin({ offset: 2, epoch });
    stage.say('3');
    await stage.answer();
    await stage.answer();
    expect(got(alice)).toEqual(['1*', '2*', '3*']);
  });

  it('goes back no further than it was when the room is interrupted meanwhile', async () => {
    stage.say('2');
    stage.memberships.get(KEY)?.begin({ offset: 0, epoch });
    stage.engine.reads = [];
    await stage.enter(alice, since(1));
    stage.sink.interrupted(KEY, { offset: 2, epoch });
    await stage.answer();
    await stage.answer();
    expect(got(alice)).toEqual(['2*']);
  });

  it('is told of a gap when the room begins a new life meanwhile', async () => {
    stage.engine.reads = [];
    await stage.enter(alice, since(0));
    stage.sink.interrupted(KEY, { offset: 7, epoch: 'new' });
    await stage.answer();
    await stage.answer();
    expect(got(alice)).toEqual(['gap to 7']);
  });

  it('ignores an interruption that leads back', async () => {
    await stage.enter(alice);
    stage.say('2');
    stage.sink.interrupted(KEY, { offset: 1, epoch });
    stage.say('3');
    await stage.settle();
    expect(got(alice)).toEqual(['2', '3']);
  });

  it('gives nothing more to one who has left, nor to one who came again without a position', async () => {
    stage.engine.reads = [];
    await stage.enter(alice, since(0));
    stage.memberships.leave(alice.asConnection, KEY);
    await stage.enter(alice);
    stage.say('2');
    await stage.answer();
    expect(got(alice)).toEqual(['2']);
  });

  it('begins anew for one who left and came again with a position', async () => {
    stage.engine.reads = [];
    await stage.enter(alice, since(0));
    stage.memberships.leave(alice.asConnection, KEY);
    stage.say('2');
    await stage.enter(alice, since(1));
    await stage.answer();
    expect(got(alice)).toEqual(['2*']);
  });

  it('leaves out what was said to all but the former connection, after a mute too', async () => {
    stage.say('2', 'former');
    stage.say('3');
    alice.isAlive = false;
    await stage.enter(alice, since(0, 'former'));
    await stage.settle();
    expect(got(alice)).toEqual([]);
    alice.isAlive = true;
    stage.recovery.resume(alice.asConnection, alice.outbox.missed.take());
    await stage.settle();
    expect(got(alice)).toEqual(['1*', '3*']);
  });

  it('waits for a reader that is behind, and then has room for all of it', async () => {
    alice.socket.stall();
    for (let n = 0; n < 3; n++) alice.send(`{"event":"own ${'.'.repeat(40_000)}"}`);
    stage.turn.flush();
    await stage.enter(alice, since(0));
    stage.say('2');
    await stage.settle();
    expect(alice.outbox.backlogBytes).toBeGreaterThan(0);
    stage.say('3');
    await alice.socket.readAll();
    await stage.settle();
    expect(got(alice).slice(3)).toEqual(['1*', '2', '3']);
    expect(alice.timesStalled).toBe(0);
  });

  it('reads nothing for a member that does not read, and one room of it after the other', async () => {
    const other = 'default/3f2b8c1e-9a4d-4c6e-8f1a-2b3c4d5e6f70' as RoomKey;
    const rights = roomRights({ publish: true, presence: true, history: true });
    alice.socket.stall();
    for (let n = 0; n < 3; n++) alice.send(`{"event":"own ${'.'.repeat(40_000)}"}`);
    stage.turn.flush();
    stage.engine.reads = [];
    await stage.enter(alice, since(0));
    const release = await stage.memberships.hold(other);
    const membership = { key: other, room: other.split('/')[1] as RoomId, rights, release };
    stage.memberships.join(alice.asConnection, membership);
    stage.recovery.begin(alice.asConnection, other, since(0));
    await stage.settle();
    expect(stage.engine.reads).toHaveLength(0);
    await alice.socket.readAll();
    await stage.settle();
    expect(stage.engine.reads).toHaveLength(1);
    await stage.answer();
    expect(stage.engine.reads).toHaveLength(1);
    await stage.answer();
    expect(got(alice).slice(3)).toEqual(['1*', 'gap to 0']);
  });

  it.each(['not json', '{"event":"cut', '{"event":}', '[]'])(
    'tells of a gap where a publication cannot be sent: %s',
    async (body) => {
      await stage.enter(alice);
      stage.sink.deliver(KEY, { publicationId: 'x', offset: 2, body, publishedAt: 0 });
      await stage.settle();
      stage.memberships.get(KEY)?.begin({ offset: 2, epoch });
      stage.sink.deliver(KEY, { offset: 3, body: '{"event":"3"}', publishedAt: 0 });
      await stage.settle();
      expect(got(alice)).toEqual(['gap to 2', '3']);
    },
  );
});
