import { SubscribeMessage } from '@nestjs/websockets';
import {
  CurrentConnection,
  type RoomConnection,
  RoomGateway,
  type RoomgateModuleOptions,
} from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';
import type { ServerConnection } from '../../src/connection/connection.js';
import { CLOSE_CODES } from '../../src/connection/system-messages.js';
import { HostileRoom } from '../support/hostile-room.js';
import { nodeOf, serverEnd } from '../support/node-of.js';
import { eventually } from '../support/poll.js';
import { maskedText } from '../support/raw-frames.js';
import { upgradeBytes } from '../support/raw-http.js';

const log: string[] = [];
let connecting: Promise<unknown> = Promise.resolve();

@RoomGateway('/:room')
class HookedGateway {
  async handleConnection(): Promise<void> {
    log.push('begins');
    await connecting;
    log.push('ends');
  }

  handleDisconnect(): void {
    log.push('disconnected');
  }

  @SubscribeMessage('say')
  say(): void {
    log.push('said');
  }

  @SubscribeMessage('close')
  close(@CurrentConnection() connection: RoomConnection): void {
    connection.close();
  }
}

describe('handleDisconnect', () => {
  let testbed: RoomgateTestbed;
  beforeEach(async () => {
    log.length = 0;
    connecting = Promise.resolve();
    testbed = await createRoomgateTestbed({ providers: [HookedGateway] });
  });
  afterEach(() => testbed.close());

  it.each<[string, (alice: ServerConnection) => unknown]>([
    ['the client goes', (alice) => alice.terminate()],
    ['it is kicked', (alice) => alice.end(CLOSE_CODES.signedOut, { drop: true })],
    ['the app closes it', (alice) => alice.close(4_000)],
    ['a frame is no frame', (alice) => alice.onFault(1002)],
  ])('is called though handleConnection never settles, when %s', async (_how, end) => {
    connecting = new Promise(() => {});
    const alice = await testbed.connectAs();
    end(serverEnd(testbed, alice));
    alice.socket.terminate();
    await testbed.settle();
    await testbed.advance(31_000);
    expect(log).toEqual(['begins', 'disconnected']);
    expect(nodeOf(testbed).registry.size).toBe(0);
    expect(nodeOf(testbed).heartbeat.size).toBe(0);
  });

  it('is called when handleConnection has settled, though the client has long gone', async () => {
    let settle = (): void => {};
    connecting = new Promise<void>((resolve) => (settle = resolve));
    const alice = await testbed.connectAs();
    alice.socket.terminate();
    await testbed.settle();
    expect([log, nodeOf(testbed).registry.size]).toEqual([['begins'], 1]);
    settle();
    await testbed.settle();
    expect(log).toEqual(['begins', 'ends', 'disconnected']);
    expect([nodeOf(testbed).registry.size, nodeOf(testbed).wheel.size]).toEqual([0, 1]);
  });

  it('is called behind messages that waited for handleConnection', async () => {
    let settle = (): void => {};
    connecting = new Promise<void>((resolve) => (settle = resolve));
    const alice = await testbed.connectAs();
    alice.send('say');
    alice.send('say');
    await alice.close();
    await testbed.settle();
    settle();
    await testbed.settle();
    expect(log).toEqual(['begins', 'ends', 'said', 'said', 'disconnected']);
  });

  it('is called once when handleConnection fails, and behind it', async () => {
    connecting = new Promise((_, reject) => setImmediate(() => reject(new Error('canary'))));
    const alice = await testbed.connectAs();
    alice.send('say');
    await alice.expectClosed(1011);
    await testbed.settle();
    expect(log).toEqual(['begins', 'disconnected']);
  });

  it('is called once when handleConnection never settles, after handlerTimeoutMs', async () => {
    connecting = new Promise(() => {});
    const alice = await testbed.connectAs();
    const bob = await testbed.connectAs({ sub: 'bob' });
    bob.socket.terminate();
    await testbed.advance(29_000);
    expect(log).toEqual(['begins', 'begins']);
    await testbed.advance(1_500);
    await alice.expectClosed(1011);
    await testbed.advance(60_000);
    expect(log).toEqual(['begins', 'begins', 'disconnected', 'disconnected']);
  });

  it('is called once when a handler closes its own connection', async () => {
    const alice = await testbed.connectAs();
    for (const event of ['say', 'close', 'say']) alice.send(event);
    await alice.expectClosed(1000);
    await testbed.settle();
    expect(log).toEqual(['begins', 'ends', 'said', 'said', 'disconnected']);
  });
});

describe('A client that never answers a close', () => {
  let room: HostileRoom;
  const start = async (roomgate: RoomgateModuleOptions): Promise<void> => {
    room = await HostileRoom.open({ roomgate: { maxStrikes: 2, ...roomgate } });
  };
  afterEach(() => room.close());

  const rows: [string, (connection: RoomConnection) => void][] = [
    ['1000', (connection) => connection.close()],
    ['4000', (connection) => connection.close(4000)],
    ['4400', () => undefined],
  ];
  it.each(rows)('is gone after closeTimeoutMs: %s', async (code, close) => {
    await start({ closeTimeoutMs: 2_000 });
    const client = await room.enter();
    const [, evil] = [...room.app.node.registry.all()];
    if (code === '4400') client.write(Buffer.concat([maskedText('no'), maskedText('no')]));
    else close(evil as RoomConnection);
    await client.until((bytes) =>
      bytes.includes(Buffer.from([Number(code) >> 8, Number(code) & 255])),
    );
    room.app.clock.advance(1_750);
    expect(room.app.node.registry.size).toBe(2);
    room.app.clock.advance(500);
    await client.closed;
    await room.expectNothingLeft();
  });

  it('costs no more than the limit of its subject, however often it comes', async () => {
    await start({ maxConnectionsPerSubject: 5 });
    const { app } = room;
    const token = app.issuer.mint({ sub: 'evil', rooms: [room.id] });
    let [most, refused] = [0, 0];
    for (let n = 0; n < 1_000; n++) {
      const client = await room.knock();
      client.write(
        upgradeBytes({ target: `/${room.id}`, headers: [`Authorization: Bearer ${token}`] }),
      );
      client.write(Buffer.concat([maskedText('no'), maskedText('no')]));
      await client.until((bytes) => bytes.includes('\r\n\r\n'));
      refused += client.received.includes('HTTP/1.1 429') ? 1 : 0;
      most = Math.max(most, app.node.registry.size);
      if (n % 100 === 99) app.clock.advance(1_000);
    }
    expect(most).toBeLessThanOrEqual(6);
    expect(refused).toBeGreaterThan(900);
    app.clock.advance(5_000);
    await room.expectNothingLeft();
  }, 60_000);
});

describe('A reader of one KiB a second', () => {
  it('is given its goodbye before its socket is destroyed', async () => {
    const testbed = await createRoomgateTestbed({
      providers: [HookedGateway],
      roomgate: { closeTimeoutMs: 2_000 },
    });
    try {
      const alice = await testbed.connectAs();
      const end = serverEnd(testbed, alice);
      alice.socket.pause();
      for (let n = 0; n < 10; n++) end.send('more', 'x'.repeat(20_000));
      await testbed.settle();
      expect(end.outbox.backlogBytes).toBeGreaterThan(0);
      end.end({
        code: 4429,
        reason: 'rate limit',
        reconnect: 'yes',
        accepted: 'handled',
        meaning: '',
      });
      // Every 20 seconds it takes what it has in its hands.
      for (let n = 0; n < 20 && alice.socket.readyState === alice.socket.OPEN; n++) {
        await testbed.advance(20_000);
        alice.socket.resume();
        await new Promise((resolve) => setImmediate(resolve));
        alice.socket.pause();
      }
      alice.socket.resume();
      await alice.expectClosed(4429);
      expect(alice.waiting.at(-1)).toMatchObject({ event: 'goodbye', data: { code: 4429 } });
      await eventually(() => nodeOf(testbed).registry.size === 0, 'it to be gone');
    } finally {
      await testbed.close();
    }
  });
});
