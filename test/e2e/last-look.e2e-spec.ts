import { expectProblem } from '../support/expect-problem.js';
import { HeldPolicy } from '../support/policies.js';
import { eventually } from '../support/poll.js';
import { RawClient, upgradeBytes } from '../support/raw-http.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';

const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';
const WAITING = 20;
const MINUTE = 60_000;

/** Whatever changes while a policy thinks has to count: the last look is in the turn of the 101. */
describe('Somebody who waits for the verdict', () => {
  let app: RoomApp;
  let clients: RawClient[];

  beforeEach(async () => {
    app = await startRoomApp({ defaultGateway: '/:room', policy: HeldPolicy });
    const token = app.issuer.mint({ rooms: [ROOM], ttlMs: MINUTE });
    const bytes = upgradeBytes({ target: `/${ROOM}`, headers: [`Authorization: Bearer ${token}`] });
    clients = await Promise.all(Array.from({ length: WAITING }, () => RawClient.open(app.port)));
    for (const client of clients) client.write(bytes);
    await eventually(() => HeldPolicy.waiting === WAITING, 'all to stand at the door');
  });

  afterEach(async () => {
    for (const client of clients) client.reset();
    HeldPolicy.letGo();
    await app.close();
  });

  /** The yes that comes too late has been heard, and nothing of it is left. */
  async function expectNobodyInAfterAll(): Promise<void> {
    HeldPolicy.letGo();
    for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
    expectNobodyIn();
    expect(app.clock.pending).toBe(0);
  }

  function expectNobodyIn(): void {
    expect(app.node.registry.size).toBe(0);
    expect(app.node.memberships.size).toBe(0);
  }

  it('is admitted when nothing has changed', async () => {
    HeldPolicy.letGo();
    for (const client of clients) expect((await client.head()).status).toBe(101);
    expect(app.node.registry.size).toBe(WAITING);
    expect(app.node.rooms.members(ROOM)).toHaveLength(WAITING);
  });

  it('is admitted a moment before its token ends, by the tolerance', async () => {
    app.clock.step(MINUTE + 4_999);
    HeldPolicy.letGo();
    for (const client of clients) expect((await client.head()).status).toBe(101);
  });

  it('is refused when its token has expired by then', async () => {
    app.clock.step(MINUTE + 5_000);
    HeldPolicy.letGo();
    for (const client of clients) expectProblem(await client.answer(), 401, 'token_expired');
    expectNobodyIn();
  });

  it('is refused when the node has begun to drain by then', async () => {
    app.node.drain.begin();
    HeldPolicy.letGo();
    for (const client of clients) expectProblem(await client.answer(), 503, 'draining');
    expectNobodyIn();
  });

  it('gets one answer when the deadline comes before the yes, which then counts for nothing', async () => {
    app.clock.advance(5_000);
    for (const client of clients) expectProblem(await client.answer(), 503, 'verdict_timeout');
    await expectNobodyInAfterAll();
  });

  it('leaves nothing behind when it goes away meanwhile', async () => {
    for (const client of clients) client.reset();
    await eventually(async () => (await app.openSockets()) === 0, 'the sockets to close');
    await expectNobodyInAfterAll();
  });

  it('is told to come back when the app closes meanwhile', async () => {
    const closed = app.app.close();
    for (const client of clients) expectProblem(await client.answer(), 503, 'draining');
    await closed;
    await expectNobodyInAfterAll();
  });
});
