import type { RoomKey } from '../../src/admission/room-id.js';
import { MemoryEngine } from '../../src/room/engine/memory/memory.engine.js';
import type { PresenceEntry } from '../../src/room/engine/engine.js';
import { FakeMember } from '../support/fake-member.js';
import { RoomStage } from '../support/room-stage.js';

const A = 'default/a' as RoomKey;
const B = 'default/b' as RoomKey;

/** Writes down whom it is told of again. */
class ForgetfulEngine extends MemoryEngine {
  readonly renewed: (readonly [key: string, connectionIds: readonly string[]])[] = [];

  override renew(key: string, entries: readonly PresenceEntry[], ttlMs: number): void {
    this.renewed.push([key, entries.map(({ connectionId }) => connectionId)]);
    super.renew(key, entries, ttlMs);
  }
}

/** Its publications come from other processes too. */
class SharedEngine extends MemoryEngine {
  override get isAlone(): boolean {
    return false;
  }
}

const eventsOf = ({ texts }: FakeMember): string[] => texts.map((text) => JSON.parse(text).event);

describe('Delivery', () => {
  it('tells an engine that was interrupted in a room at once who is in it, and in no other', async () => {
    const engine = new ForgetfulEngine();
    const stage = new RoomStage(engine, { rooms: { default: { presence: true } } });
    const members = [new FakeMember(stage.turn), new FakeMember(stage.turn)];
    for (const member of members) await member.join(stage.memberships, A);
    await new FakeMember(stage.turn).join(stage.memberships, B);
    stage.sink.interrupted(A, { offset: 5, epoch: 'other' });
    stage.sink.interrupted('default/nobody', { offset: 5, epoch: 'other' });
    expect(engine.renewed).toEqual([[A, members.map(({ id }) => id)]]);
    stage.presence.stop();
  });

  it('tells members of an interrupted room once that news of presence may be missing, behind what is known', async () => {
    const stage = new RoomStage(new MemoryEngine(), { rooms: { default: { presence: true } } });
    const member = new FakeMember(stage.turn);
    await member.join(stage.memberships, A);
    const other = new FakeMember(stage.turn);
    await other.join(stage.memberships, B);
    stage.sink.presence(A, { kind: 'left', memberId: 'm' });
    for (const offset of [5, 6]) stage.sink.interrupted(A, { offset, epoch: 'other' });
    stage.clock.advance(250);
    stage.turn.flush();
    expect(eventsOf(member)).toEqual(['gap', 'gap', 'presence.left', 'presence.gap']);
    expect(eventsOf(other)).toEqual([]);
    stage.presence.stop();
  });

  it('says nothing of presence where there is none', async () => {
    const stage = new RoomStage(new MemoryEngine());
    const member = new FakeMember(stage.turn);
    await member.join(stage.memberships, A);
    stage.sink.interrupted(A, { offset: 5, epoch: 'other' });
    stage.clock.advance(250);
    stage.turn.flush();
    expect(eventsOf(member)).toEqual(['gap']);
  });

  it.each(['', '{"event":"said"', 'said', 'null', '[]'])(
    'tells members that a publication is missing whose body is %j, and goes on',
    async (body) => {
      const stage = new RoomStage(new SharedEngine());
      const member = new FakeMember(stage.turn);
      await member.join(stage.memberships, A);
      for (const [index, each] of [body, '{"event":"said"}'].entries())
        stage.sink.deliver(A, { offset: index + 1, publicationId: '', body: each, publishedAt: 0 });
      stage.turn.flush();
      expect(eventsOf(member)).toEqual(['gap', 'said']);
    },
  );
});
