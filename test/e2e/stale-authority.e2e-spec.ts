import { RevocationStore } from 'nestjs-roomgate';
import { ConfirmingStore } from '../support/confirming-store.js';
import { expectProblem } from '../support/expect-problem.js';
import { HeldPolicy } from '../support/policies.js';
import { eventually } from '../support/poll.js';
import { RawClient, upgradeBytes } from '../support/raw-http.js';
import { type RoomApp, type RoomAppOptions, startRoomApp } from '../support/room-app.js';
import { bearerFor, knockAt, TARGET } from '../support/room-requests.js';

const LIMIT = 30_000;

describe('The door of a node whose revocations are not confirmed any more', () => {
  let app: RoomApp;
  let store: ConfirmingStore;

  const start = async (options: RoomAppOptions = {}): Promise<void> => {
    app = await startRoomApp({
      defaultGateway: '/:room',
      revocationStore: ConfirmingStore,
      ...options,
    });
    store = app.app.get(RevocationStore, { strict: false });
    confirm();
  };
  const confirm = (): void => void (store.lastConfirmedAt = app.clock.now());
  const expectOpen = async (): Promise<void> => {
    const client = await RawClient.open(app.port);
    client.write(upgradeBytes({ target: TARGET, headers: [bearerFor(app)] }));
    expect((await client.head()).status).toBe(101);
    client.reset();
  };

  afterEach(() => app.close());

  it('is 503 authority_stale with a delay after the limit, and open again when they are', async () => {
    await start();
    app.clock.step(LIMIT - 1);
    await expectOpen();
    app.clock.step(1);
    for (let n = 0; n < 3; n++) {
      const headers = expectProblem(await knockAt(app), 503, 'authority_stale');
      expect(['1', '2']).toContain(headers['retry-after']);
    }
    confirm();
    await expectOpen();
  });

  it('has a limit of its own by option', async () => {
    await start({ roomgate: { maxAuthorityStalenessMs: 1_000 } });
    app.clock.step(999);
    await expectOpen();
    app.clock.step(1);
    expectProblem(await knockAt(app), 503, 'authority_stale');
  });

  it('says to everybody else what it always says', async () => {
    await start();
    app.clock.step(LIMIT);
    const expired = bearerFor(app, app.issuer.mint({ ttlMs: -60_000 }));
    expectProblem(await knockAt(app, { headers: [] }), 401, 'no_token');
    expectProblem(await knockAt(app, { headers: [expired] }), 401, 'token_expired');
    const query = { target: `${TARGET}?token=x` };
    expectProblem(await knockAt(app, query), 400, 'token_in_query');
    app.node.drain.isDraining = true;
    expectProblem(await knockAt(app), 503, 'draining');
    app.node.drain.isDraining = false;
  });

  it('does not open for one who stood at it before, and nothing of it stays', async () => {
    await start({ policy: HeldPolicy });
    const client = await RawClient.open(app.port);
    client.write(upgradeBytes({ target: TARGET, headers: [bearerFor(app)] }));
    await eventually(() => HeldPolicy.waiting === 1, 'somebody to stand at the door');
    app.clock.step(LIMIT);
    HeldPolicy.letGo();
    expectProblem(await client.answer(), 503, 'authority_stale');
    const { registry, memberships, subjects } = app.node;
    expect([registry.size, memberships.size, subjects.size]).toEqual([0, 0, 0]);
  });

  it('stays open with a store that says nothing of it', async () => {
    app = await startRoomApp({ defaultGateway: '/:room' });
    app.clock.step(365 * 86_400_000);
    await expectOpen();
  });
});
