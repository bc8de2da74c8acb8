import type { RoomKey } from '../../src/admission/room-id.js';
import { MemoryEngine } from '../../src/room/engine/memory/memory.engine.js';
import type { PresenceEntry } from '../../src/room/engine/presence-entry.js';
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
});
