import { SubscribeMessage } from '@nestjs/websockets';
import { RoomGateway, type RoomgateModuleOptions } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
  type TestMessage,
} from 'nestjs-roomgate/testing';
import { nodeOf, serverEnd } from '../support/node-of.js';

@RoomGateway('/:room')
class IdleGateway {
  @SubscribeMessage('ping')
  ping(): string {
    return 'pong';
  }
}

describe('Drain', () => {
  let testbed: RoomgateTestbed;
  beforeEach(async () => {
    testbed = await createRoomgateTestbed({
      providers: [IdleGateway],
      roomgate: { closeTimeoutMs: 2_000 },
    });
  });
  afterEach(() => testbed.close());

  it('lets nobody in any more, but those who are in go on', async () => {
    const alice = await testbed.connectAs();
    nodeOf(testbed).drain.begin();
    await testbed.expectRefused(503, 'draining', { token: testbed.mint() });
    expect(await alice.request('ping')).toMatchObject({ data: 'pong' });
  });

  it('tells everybody to come back, each after a time of its own, and is done when they have answered', async () => {
    const members = [
      await testbed.connectAs(),
      await testbed.connectAs(),
      await testbed.connectAs(),
    ];
    const done = nodeOf(testbed).drain.closeAll();
    const times = new Set<number>();
    for (const member of members) {
      const { data } = await member.next('goodbye');
      expect(data).toMatchObject({ code: 1012, reason: 'restart', reconnect: true });
      const { retryAfterMs } = data as { retryAfterMs: number };
      expect(retryAfterMs >= 0 && retryAfterMs <= 500 && Number.isInteger(retryAfterMs)).toBe(true);
      times.add(retryAfterMs);
      await member.expectClosed(1012);
    }
    await done;
    expect(times.size).toBeGreaterThan(1);
    // Those of the two wheels and of the heartbeat; those of the drain are gone.
    expect([nodeOf(testbed).registry.size, testbed.clock.pending]).toEqual([0, 3]);
  });

  it('is done at once when nobody is there', async () => {
    await nodeOf(testbed).drain.closeAll();
    expect(nodeOf(testbed).drain.isDraining).toBe(true);
  });

  it('destroys the sockets of those who do not answer in time', async () => {
    const alice = await testbed.connectAs();
    const { socket } = serverEnd(testbed, alice);
    alice.socket.pause();
    let isDone = false;
    const done = nodeOf(testbed)
      .drain.closeAll()
      .then(() => (isDone = true));
    await testbed.advance(1_999);
    expect([isDone, socket.destroyed]).toEqual([false, false]);
    await testbed.advance(1);
    await done;
    expect(socket.destroyed).toBe(true);
    await testbed.settle();
    expect(nodeOf(testbed).registry.size).toBe(0);
  });

  it('does it once, whoever asks', async () => {
    const alice = await testbed.connectAs();
    const { drain } = nodeOf(testbed);
    await Promise.all([drain.closeAll(), drain.closeAll()]);
    await drain.closeAll();
    await alice.expectClosed(1012);
    expect(alice.waiting.map(({ event }) => event)).toEqual(['goodbye']);
  });

  it('waits for nobody who is closing already, but for their socket', async () => {
    const alice = await testbed.connectAs();
    serverEnd(testbed, alice).close(4000, 'enough');
    await nodeOf(testbed).drain.closeAll();
    await alice.expectClosed(4000);
    expect(nodeOf(testbed).registry.size).toBe(0);
  });
});

describe('Drain of many', () => {
  let testbed: RoomgateTestbed;
  let members: TestConnection[];
  let isDone: boolean;
  afterEach(() => testbed.close());

  async function begin(count: number, roomgate: RoomgateModuleOptions): Promise<void> {
    testbed = await createRoomgateTestbed({
      providers: [IdleGateway],
      roomgate: { closeTimeoutMs: 2_000, ...roomgate },
    });
    members = await Promise.all(Array.from({ length: count }, () => testbed.connectAs()));
    isDone = false;
    void nodeOf(testbed)
      .drain.closeAll()
      .then(() => (isDone = true));
    await testbed.settle();
  }

  const told = (): number =>
    members.filter(({ waiting }) => waiting.some(({ event }) => event === 'goodbye')).length;

  it('closes batch after batch, and lets clients come back over as long a time', async () => {
    await begin(7, { drainBatchSize: 3, drainIntervalMs: 400 });
    expect(told()).toBe(3);
    await testbed.advance(399);
    expect(told()).toBe(3);
    await testbed.advance(1);
    expect([told(), isDone]).toEqual([6, false]);
    // Who waits for its turn goes on as before.
    const last = members.find(({ waiting }) => waiting.length === 0) as TestConnection;
    expect(await last.request('ping')).toMatchObject({ data: 'pong' });
    await testbed.advance(400);
    expect([told(), isDone, nodeOf(testbed).registry.size]).toEqual([7, true, 0]);
    const delays = members.map(
      ({ waiting }) => (waiting.at(-1) as TestMessage).data.retryAfterMs as number,
    );
    expect(Math.max(...delays)).toBeLessThanOrEqual(1_200);
    expect(new Set(delays).size).toBeGreaterThan(1);
  });

  it('takes larger batches when the time would not suffice', async () => {
    // Two intervals before the last batch has to have its time for answers: three batches.
    await begin(9, {
      drainBatchSize: 1,
      drainIntervalMs: 400,
      drainTimeoutMs: 1_000,
      closeTimeoutMs: 200,
    });
    expect(told()).toBe(3);
    await testbed.advance(400);
    await testbed.advance(400);
    expect([told(), isDone]).toEqual([9, true]);
  });

  it('destroys whatever is left when its time is over', async () => {
    testbed = await createRoomgateTestbed({
      providers: [IdleGateway],
      roomgate: { drainTimeoutMs: 1_000, closeTimeoutMs: 60_000 },
    });
    const alice = await testbed.connectAs();
    const { socket } = serverEnd(testbed, alice);
    alice.socket.pause();
    const done = nodeOf(testbed).drain.closeAll();
    await testbed.advance(999);
    expect(socket.destroyed).toBe(false);
    await testbed.advance(1);
    await done;
    expect(socket.destroyed).toBe(true);
  });

  it('leaves out who has gone before its turn', async () => {
    await begin(4, { drainBatchSize: 2, drainIntervalMs: 400 });
    await Promise.all(
      members.filter(({ waiting }) => waiting.length === 0).map((it) => it.close()),
    );
    await testbed.advance(400);
    expect([told(), isDone]).toEqual([2, true]);
  });
});
