import { RoomService } from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';
import {
  at,
  brokenListener,
  BrokenEngine,
  BrokenExtractor,
  BrokenPolicy,
  BrokenSink,
  faults,
  HookedGateway,
} from '../support/broken-app.js';
import { inProduction } from '../support/env.js';
import { FAULTS } from '../support/broken-hooks.js';
import { CapturedLogger } from '../support/captured-logger.js';
import { nodeOf } from '../support/node-of.js';
import { eventually } from '../support/poll.js';

const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';
const OTHER = '0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b';

/** An exception that nobody catches would fail the running test: Jest hears of it before we could. */
describe('What an application does to a connection', () => {
  const logger = new CapturedLogger();
  let testbed: RoomgateTestbed;

  beforeAll(async () => {
    testbed = await inProduction(() =>
      createRoomgateTestbed({
        providers: [HookedGateway],
        extractor: BrokenExtractor,
        policy: BrokenPolicy,
        auditSink: BrokenSink,
        engine: BrokenEngine,
        roomgate: {
          roomIdleMs: 0,
          rooms: {
            default: {
              history: true,
              presence: { describe: () => at('describe', () => ({ info: 1 })) },
            },
          },
        },
        configure: (app) => app.useLogger(logger),
      }),
    );
    testbed.get(RoomService).listen(brokenListener);
  });
  afterEach(async () => {
    await testbed.settle();
    faults.clear();
    expect(logger.text).not.toContain('canary');
    const { registry, memberships, heartbeat } = nodeOf(testbed);
    await eventually(
      () => registry.size + memberships.size + heartbeat.size === 0,
      'all to be gone',
    );
  });
  afterAll(() => testbed.close());

  const each = (...places: string[]): (readonly [string, string])[] =>
    places.flatMap((place) => Object.keys(FAULTS).map((how) => [place, how] as const));
  const breakAt = (place: string, how: string): void =>
    void faults.set(place, FAULTS[how] as () => unknown);

  /** Somebody comes, speaks, looks around and goes. */
  async function visit(): Promise<void> {
    const alice = await testbed.connectAs({ rooms: [ROOM, OTHER] });
    await alice.request('room.join', { room: OTHER });
    await alice.request('say', 'hello');
    await alice.request('room.presence');
    await alice.request('room.history', {});
    await testbed.advance(27_000);
    await alice.request('room.leave', { room: OTHER });
    expect((await alice.request('say', 'still here')).event).toMatch(/ack|exception/);
    await alice.close();
    await testbed.settle();
  }

  it.each(each('extractor', 'policy join', 'policy publish', 'policy presence', 'policy history'))(
    'costs the upgrade: the %s %s',
    async (place, how) => {
      breakAt(place, how);
      await testbed.expectRefused(503, 'unavailable', { token: testbed.mint({ rooms: [ROOM] }) });
      faults.clear();
      await visit();
    },
  );

  it.each(each('engine subscribe'))('costs the upgrade: %s %s', async (place, how) => {
    breakAt(place, how);
    const token = testbed.mint({ rooms: [ROOM] });
    await testbed.expectRefused(503, 'engine_unavailable', { token });
    faults.clear();
    await visit();
  });

  it.each(each('handleConnection'))('costs the connection: %s %s', async (place, how) => {
    breakAt(place, how);
    const alice = await testbed.connectAs({ rooms: [ROOM] });
    await alice.expectClosed(1011);
  });

  it.each(each('listener of the server'))('costs the connection: a %s %s', async (place, how) => {
    breakAt(place, how);
    const bob = await testbed.connectAs({ rooms: [ROOM] }).catch(() => undefined);
    await testbed.settle();
    bob?.socket.terminate();
    faults.clear();
    await visit();
  });

  it.each(
    each(
      'handleDisconnect',
      'audit sink',
      'describe',
      'onJoin',
      'onLeave',
      'onRoomCreated',
      'onRoomEmpty',
      'engine unsubscribe',
      'engine publish',
      'engine read',
      'engine enter',
      'engine exit',
      'engine renew',
      'engine present',
    ),
  )('costs nobody the connection: %s %s', async (place, how) => {
    breakAt(place, how);
    await visit();
  });
});
