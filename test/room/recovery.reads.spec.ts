import { FakeMember } from '../support/fake-member.js';
import { got, KEY, RecoveryStage } from '../support/recovery-stage.js';

describe('Catching up, when reading fails, is late, or too much is said meanwhile,', () => {
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

  it('goes on with what was said meanwhile when reading fails, behind a gap', async () => {
    stage.engine.reads = [];
    await stage.enter(alice, since(0));
    stage.say('2');
    stage.say('3');
    await stage.answer('fail');
    expect(got(alice)).toEqual(['gap to 1', '2', '3']);
  });

  it('waits no longer than the deadline for a read that never answers', async () => {
    stage.engine.reads = [];
    await stage.enter(alice, since(0));
    stage.say('2');
    stage.clock.advance(5_000);
    await stage.settle();
    expect(got(alice)).toEqual(['gap to 1', '2']);
  });

  it.each<[string, object]>([
    ['a publication without a body', { publications: [{ offset: 1 }] }],
    ['no publications', {}],
    ['no position', { publications: [], position: undefined }],
  ])('goes on behind a gap when the engine reads %s', async (_what, page) => {
    stage.engine.read = () => ({ position: { offset: 1, epoch }, ...page }) as never;
    await stage.enter(alice, since(0));
    stage.say('2');
    await stage.settle();
    expect(got(alice)).toEqual(['gap to 1', '2']);
  });

  it('goes on behind the gap that was told to one who was muted', async () => {
    stage.say('2');
    await stage.enter(alice);
    alice.isAlive = false;
    stage.say('3');
    await stage.settle();
    stage.engine.reads = [];
    stage.sink.interrupted(KEY, { offset: 4, epoch });
    await stage.answer('fail');
    expect(got(alice)).toEqual(['gap to 4']);
    alice.isAlive = true;
    stage.recovery.resume(alice.asConnection, alice.outbox.missed.take());
    await stage.answer();
    expect(got(alice)).toEqual(['gap to 4']);
  });

  it('reads again when more is said meanwhile than it holds', async () => {
    stage.engine.reads = [];
    await stage.enter(alice, since(0));
    const [large, larger] = ['x'.repeat(200_000), 'y'.repeat(330_000)];
    stage.say(large);
    const [first] = stage.engine.reads.splice(0);
    first?.answer();
    stage.say(larger);
    await stage.settle();
    expect(got(alice)).toEqual([]);
    await stage.answer();
    expect(got(alice)).toEqual([`gap to 3`]);
  });

  it('does not wait for ever while a room says much and cannot be read', async () => {
    stage.engine.reads = [];
    await stage.enter(alice, since(0));
    stage.say('x'.repeat(600_000));
    await stage.answer('fail');
    stage.say('3');
    await stage.settle();
    expect(got(alice)).toEqual(['gap to 2', '3']);
  });
});
