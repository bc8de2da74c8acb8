import { randomUUID } from 'node:crypto';
import type { RoomId, RoomKey } from '../../src/admission/room-id.js';
import { roomRights } from '../../src/admission/room-admission.js';
import type { HistoryPage, Position, ReadRange } from '../../src/room/engine/engine.js';
import { MemoryEngine } from '../../src/room/engine/memory/memory.engine.js';
import type { Since } from '../../src/room/recovery.js';
import type { RoomgateModuleOptions } from '../../src/module/options.js';
import { Deferred } from './deferred.js';
import { FakeMember } from './fake-member.js';
import { RoomStage } from './room-stage.js';

export const KEY = 'default/0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b' as RoomKey;
const [, ROOM] = KEY.split('/') as [string, RoomId];
const HISTORY = { size: 100, ttlMs: 300_000, maxBytes: 262_144 };

/** The memory engine, whose reading and delivering a test may hold up. */
export class HeldEngine extends MemoryEngine {
  /** Reads that wait for the test; undefined: none does. */
  reads: { answer: () => void; fail: () => void }[] | undefined;

  override read(key: string, range: ReadRange): HistoryPage {
    if (!this.reads) return super.read(key, range);
    const page = new Deferred<HistoryPage>();
    // What it says is what was kept when it answers.
    const answer = (): void => page.resolve(super.read(key, range));
    this.reads.push({ answer, fail: () => page.reject(new Error('canary')) });
    return page.promise as unknown as HistoryPage;
  }
}

/** A room with a history on an engine that a test holds, and members with real outboxes. */
export class RecoveryStage extends RoomStage {
  constructor(
    readonly engine = new HeldEngine(() => 0),
    options: RoomgateModuleOptions = {},
  ) {
    super(engine, { rooms: { default: { history: HISTORY } }, ...options });
    engine.start(this.sink);
  }

  say(text: string, except?: string): Position {
    const body = JSON.stringify({ event: text });
    return this.engine.publish(KEY, body, {
      publicationId: randomUUID(),
      except,
      history: HISTORY,
    });
  }

  /** Lets a member in, from where it was. */
  async enter(member: FakeMember, since?: Since): Promise<void> {
    const release = await this.memberships.hold(KEY);
    const rights = roomRights({ publish: true, presence: true, history: true });
    const former = since?.connectionId;
    const membership = { key: KEY, room: ROOM, rights, release, former };
    this.memberships.join(member.asConnection, membership, () => {
      if (since) this.recovery.begin(member.asConnection, KEY, since);
    });
  }

  /** Answers the reads that wait, and lets what follows happen. */
  async answer(how: 'answer' | 'fail' = 'answer'): Promise<void> {
    for (const read of this.engine.reads?.splice(0) ?? []) read[how]();
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What a member was sent: texts, with `*` those given again, and gaps with where they lead. */
export function got({ texts }: FakeMember): string[] {
  return texts.map((text) => {
    const { event, data, epoch } = JSON.parse(text) as {
      event: string;
      data: { offset?: number };
      epoch?: string;
    };
    if (event === 'gap') return `gap to ${data.offset}`;
    return epoch === undefined ? event : `${event}*`;
  });
}
