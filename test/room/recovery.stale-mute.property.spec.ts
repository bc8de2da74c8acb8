import fc from 'fast-check';
import { RevocationService, RevocationStore, type RoomEngine, RoomService } from 'nestjs-roomgate';
import { createRoomgateTestbed } from 'nestjs-roomgate/testing';
import { DelayedEngine } from '../../src/toolkit/testing/delayed.engine.js';
import { MemoryEngine } from '../../src/room/engine/memory/memory.engine.js';
import { MAX_TIMER_MS } from '../../src/core/option-rules.js';
import { ConfirmingStore } from '../support/confirming-store.js';
import { GatedPolicy } from '../support/gated-seams.js';
import { heard, LiveGateway, refresh, ROOM } from '../support/live-room.js';
import { propertyRuns } from '../support/property-runs.js';
import { typeOf } from '../support/recording-engine.js';

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant('say' as const) },
  { weight: 1, arbitrary: fc.constantFrom('confirm' as const, 'refresh' as const) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1_250, 20_000, 30_000) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What a member has heard after all that, and whether it heard anything while it was not to. */
async function heardAfter(
  steps: readonly Step[],
  engine: RoomEngine,
): Promise<{ said: number; events: string[]; isHeardMuted: boolean }> {
  const history = { size: 1_000, ttlMs: 86_400_000 };
  const testbed = await createRoomgateTestbed({
    providers: [LiveGateway, GatedPolicy],
    revocationStore: ConfirmingStore,
    engine: typeOf(engine),
    // Time that moves in leaps leaves an engine no moment to answer.
    roomgate: {
      onStaleAuthority: 'mute',
      verdictDeadlineMs: MAX_TIMER_MS,
      rooms: { default: { history } },
    },
  });
  try {
    const store = testbed.get(RevocationStore) as ConfirmingStore;
    const alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
    const revocations = testbed.get(RevocationService);
    let [said, isHeardMuted] = [0, false];
    const act = async (one: Step): Promise<void> => {
      if (one === 'confirm') store.lastConfirmedAt = testbed.clock.now();
      else if (one === 'refresh') void refresh(testbed, alice).catch(() => undefined);
      else if (one === 'say')
        void testbed.get(RoomService).room(ROOM).broadcast('said', String(++said));
      else await testbed.advance(one);
    };
    for (const one of steps) {
      const [wasStale, before] = [revocations.isStale(), heard(alice).length];
      await act(one);
      const isMuted = wasStale && revocations.isStale();
      // Not after each step: several things happen in one turn.
      if (isMuted || said % 2 === 0) await testbed.settle();
      isHeardMuted ||= isMuted && heard(alice).length > before;
    }
    for (const one of ['confirm', 1_250, 0, 0, 0] as const) await act(one);
    const events = heard(alice).filter((event) => !event.startsWith('auth.'));
    return { said, events, isHeardMuted };
  } finally {
    await testbed.close();
  }
}

describe('Members that are muted while revocations may be missing', () => {
  it.each<[string, (seed: number) => RoomEngine]>([
    ['the memory engine', () => new MemoryEngine()],
    ['an engine with delays', (seed) => new DelayedEngine(seed)],
  ])(
    'hear nothing then, and on %s all of it afterwards, in order and once',
    async (_, make) => {
      await fc.assert(
        fc.asyncProperty(
          fc.nat(),
          fc.array(step, { maxLength: 40, size: 'max' }),
          async (seed, steps) => {
            const { said, events, isHeardMuted } = await heardAfter(
              ['confirm', ...steps],
              make(seed),
            );
            expect(isHeardMuted).toBe(false);
            expect(events).toEqual(
              Array.from({ length: said }, (__, index) => `said ${index + 1}`),
            );
          },
        ),
        propertyRuns(60),
      );
    },
    300_000,
  );
});
