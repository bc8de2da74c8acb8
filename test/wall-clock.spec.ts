import { randomUUID } from 'node:crypto';
import { SubscribeMessage } from '@nestjs/websockets';
import { RoomGateway, RoomService } from 'nestjs-roomgate';
import { createRoomgateTestbed, FakeClock, type RoomgateTestbed } from 'nestjs-roomgate/testing';
import { QuietLog } from '../src/core/log-throttle.js';
import { RightsCache, roomRights } from '../src/admission/room-admission.js';
import { MemoryEngine } from '../src/room/engine/memory/memory.engine.js';
import { nodeOf, serverEnd } from './support/node-of.js';
import { principalOf } from './support/principal.js';

const HOUR = 3_600_000;
const ROOM = randomUUID();

@RoomGateway('/:room')
class AnyGateway {
  @SubscribeMessage('say')
  say(): void {}

  @SubscribeMessage('hang')
  hang(): Promise<never> {
    return new Promise(() => {});
  }
}

describe.each([-HOUR, HOUR])('A wall clock that is set by %d ms', (ms) => {
  let testbed: RoomgateTestbed;
  const start = async (roomgate = {}): Promise<void> => {
    testbed = await createRoomgateTestbed({
      providers: [AnyGateway],
      roomgate: { closeTimeoutMs: 2_000, ...roomgate },
    });
  };
  /** A token that is valid before and after. */
  const connect = (): ReturnType<RoomgateTestbed['connectAs']> =>
    testbed.connectAs({ rooms: [ROOM], ttlMs: 10 * HOUR });
  afterEach(() => testbed?.close());

  it('limits no quiet client', async () => {
    await start({ maxMessagesPerWindow: 10, messageWindowMs: 1_000, messageBurst: 5 });
    const alice = await connect();
    await alice.request('say');
    testbed.clock.step(ms);
    for (let n = 0; n < 15; n++) {
      await testbed.advance(100);
      expect(await alice.request('say')).toMatchObject({ event: 'ack' });
    }
  });

  it('gives no client a second burst', async () => {
    await start({ maxMessagesPerWindow: 10, messageWindowMs: 1_000, messageBurst: 5 });
    const alice = await connect();
    for (let n = 0; n < 5; n++) await alice.request('say');
    testbed.clock.step(ms);
    expect(await alice.request('say')).toMatchObject({ data: { code: 'rate_limited' } });
  });

  it('leaves handlers their time', async () => {
    await start();
    const alice = await connect();
    alice.send('hang', undefined, 1);
    await testbed.settle();
    testbed.clock.step(ms);
    await testbed.advance(29_500);
    expect(alice.waiting).toEqual([]);
    await testbed.advance(1_000);
    expect(alice.waiting).toMatchObject([{ id: 1, data: { code: 'handler_timeout' } }]);
  });

  it('leaves a slow reader its time', async () => {
    await start();
    const alice = await connect();
    const end = serverEnd(testbed, alice);
    alice.socket.pause();
    for (let n = 0; n < 10; n++) end.send('more', 'x'.repeat(50_000));
    await testbed.settle();
    testbed.clock.step(ms);
    await testbed.advance(29_000);
    expect(end.isOpen).toBe(true);
    await testbed.advance(1_500);
    expect(end.isOpen).toBe(false);
    alice.socket.resume();
  });

  it('leaves a client its time to answer a close', async () => {
    await start();
    const alice = await connect();
    const end = serverEnd(testbed, alice);
    alice.socket.pause();
    end.close();
    testbed.clock.step(ms);
    await testbed.advance(1_750);
    expect(end.isGone).toBe(false);
    await testbed.advance(500);
    expect(end.isGone).toBe(true);
  });

  it('leaves accepted messages their time', async () => {
    await start();
    const alice = await connect();
    const end = serverEnd(testbed, alice);
    alice.send('hang');
    await alice.close();
    await testbed.settle();
    testbed.clock.step(ms);
    await testbed.advance(29_000);
    expect(end.isGone).toBe(false);
    await testbed.advance(1_500);
    expect(end.isGone).toBe(true);
  });

  it('drains as long as it takes', async () => {
    await start({ drainBatchSize: 1, drainIntervalMs: 500 });
    const members = [await connect(), await connect(), await connect()];
    const closing = testbed.app.close();
    await testbed.settle();
    testbed.clock.step(ms);
    for (let n = 0; n < 10; n++) await testbed.advance(500);
    await closing;
    for (const member of members) await member.expectClosed(1012);
  });

  it('forgets an idle room when its time is over', async () => {
    await start({ roomIdleMs: 10_000 });
    const alice = await connect();
    await alice.close();
    await testbed.settle();
    testbed.clock.step(ms);
    await testbed.advance(9_750);
    expect(nodeOf(testbed).memberships.size).toBe(1);
    await testbed.advance(500);
    expect(nodeOf(testbed).memberships.size).toBe(0);
  });

  it('keeps history and presence as long as they are to be kept', async () => {
    await start({ rooms: { default: { history: { ttlMs: 60_000 }, presence: true } } });
    await connect();
    const rooms = testbed.get(RoomService);
    await rooms.room(ROOM).broadcast('said');
    testbed.clock.step(ms);
    await testbed.advance(59_000);
    expect((await rooms.room(ROOM).history()).publications).toHaveLength(1);
    expect((await rooms.room(ROOM).presence()).total).toBe(1);
    await testbed.advance(2_000);
    expect((await rooms.room(ROOM).history()).publications).toEqual([]);
  });

  it('knows a publication id for a minute', () => {
    const clock = new FakeClock();
    const engine = new MemoryEngine(
      () => clock.now(),
      undefined,
      () => clock.elapsed(),
    );
    engine.start({ deliver() {}, interrupted() {}, presence() {} });
    const history = { size: 10, ttlMs: 600_000, maxBytes: 1_000 };
    const publish = (): number => engine.publish('a', '{}', { publicationId: 'p', history }).offset;
    publish();
    clock.step(ms);
    clock.advance(59_000);
    expect(publish()).toBe(1);
    clock.advance(121_000);
    expect(publish()).toBe(2);
  });

  it('neither floods nor silences the log', () => {
    const clock = new FakeClock();
    const lines: string[] = [];
    const log = new QuietLog(clock, (line) => lines.push(line));
    log.add('key', () => 'a');
    clock.step(ms);
    clock.advance(9_000);
    log.add('key', () => 'b');
    expect(lines).toHaveLength(1);
    clock.advance(1_000);
    log.add('key', () => 'c');
    expect(lines).toHaveLength(2);
  });

  it('remembers the answers of a policy as long as it says', () => {
    const clock = new FakeClock();
    const cache = new RightsCache(
      () => clock.elapsed(),
      () => 0,
    );
    const policy = { cacheMs: 5_000 } as never;
    const access = { roomName: 'default', room: ROOM, principal: principalOf() } as never;
    let asked = 0;
    const ask = (): unknown =>
      cache.ask(policy, access, () => {
        asked += 1;
        return roomRights({ publish: true, presence: true, history: true });
      });
    ask();
    clock.step(ms);
    clock.advance(4_999);
    ask();
    expect(asked).toBe(1);
    clock.advance(1);
    ask();
    expect(asked).toBe(2);
  });
});
