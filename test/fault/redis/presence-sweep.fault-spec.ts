import { FakeClock } from 'nestjs-roomgate/testing';
import type { Clock } from '../../../src/core/clock.js';
import { A } from '../../../src/toolkit/engine-suite/engine-probe.js';
import { eventually } from '../../support/poll.js';
import { type AppClient, CLIENTS } from '../../support/redis/clients.js';
import { DEAF, engineOn } from '../../support/redis/redis-engine.js';
import { RedisServer } from '../../support/redis/redis-server.js';
import { TcpProxy } from '../../support/redis/tcp-proxy.js';

const TTL_MS = 1_000;
/** Of nodes that do not say again who is there as long as the test lasts. */
const LONG_MS = 30_000;
const MARGIN_MS = 300;

const entry = (id: string) => ({ connectionId: id, identity: id, memberId: id });

describe.each(CLIENTS)('The members of a node that is gone, by $name', ({ single }) => {
  let server: RedisServer;
  let proxy: TcpProxy;
  const ends: (() => unknown)[] = [];

  beforeEach(async () => {
    server = await RedisServer.start();
    proxy = await TcpProxy.start(server.port);
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
    await Promise.all([proxy.close(), server.stop()]);
  });

  /** An engine that is subscribed to the room, and who it hears has left. */
  async function start(port: number, clock?: Clock) {
    const client: AppClient = single(port);
    const { engine, store } = engineOn(client.client, 'sweep', clock);
    const left: string[] = [];
    await engine.start({
      ...DEAF,
      presence: (_, { kind, memberId }) => void (kind === 'left' && left.push(memberId)),
    });
    ends.push(
      () => engine.stop(),
      () => client.close(),
    );
    await engine.subscribe(A);
    const fence = async (): Promise<void> => store.network.linkOf(store.keys.of(A).tag)?.fence();
    return { engine, left, fence };
  }

  it('are told as left when their time has run out, once, however far the next renewal is', async () => {
    const gone = await start(proxy.port);
    const others = [await start(server.port), await start(server.port)];
    await gone.engine.enter(A, entry('early'), TTL_MS / 2);
    const since = Date.now();
    await gone.engine.enter(A, entry('late'), TTL_MS);
    for (const [index, { engine }] of others.entries())
      await engine.enter(A, entry(`other ${index}`), LONG_MS);
    proxy.cut();
    const isTold = (): boolean => others.every(({ left }) => left.includes('late'));
    await eventually(isTold, 'who is gone to be told as left');
    expect(Date.now() - since).toBeGreaterThanOrEqual(TTL_MS - 1);
    expect(Date.now() - since).toBeLessThan(TTL_MS + MARGIN_MS);
    for (const [index, { engine }] of others.entries())
      await engine.renew(A, [entry(`other ${index}`)], LONG_MS);
    await Promise.all(others.map(({ fence }) => fence()));
    expect(others.map(({ left }) => left)).toEqual([
      ['early', 'late'],
      ['early', 'late'],
    ]);
    expect((await others[0]!.engine.present(A, 0)).total).toBe(2);
  });

  it('are told as left also when somebody enters between the end of their time and the sweep', async () => {
    const clock = new FakeClock();
    const gone = await start(proxy.port);
    const other = await start(server.port, clock);
    await gone.engine.enter(A, entry('gone'), MARGIN_MS);
    const since = Date.now();
    await other.engine.enter(A, entry('other'), LONG_MS);
    proxy.cut();
    await eventually(() => Date.now() - since > MARGIN_MS, 'the time to run out');
    await other.engine.enter(A, entry('late'), LONG_MS);
    expect(other.left).toEqual([]);
    clock.advance(MARGIN_MS);
    await eventually(() => other.left.length > 0, 'who is gone to be told as left');
    expect(other.left).toEqual(['gone']);
  });
});
