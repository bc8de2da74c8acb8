import { randomUUID } from 'node:crypto';
import { ConnectedSocket, SubscribeMessage } from '@nestjs/websockets';
import {
  CurrentRoom,
  RevocationService,
  type Room,
  type RoomConnection,
  RoomEngine,
  RoomGateway,
  RoomPolicy,
  RoomService,
} from 'nestjs-roomgate';
import { DelayedEngine } from '../../src/toolkit/testing/delayed.engine.js';
import { MemoryEngine } from '../../src/room/engine/memory/memory.engine.js';
import { Gate } from '../support/gate.js';
import { eventually } from '../support/poll.js';
import { clientFrame, maskedText, OPCODE } from '../support/raw-frames.js';
import { RawClient, upgradeBytes } from '../support/raw-http.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';

const ROOM = randomUUID();
const handled: string[] = [];
const ended: string[] = [];
const working = new Gate();
let [running, mostRunning, isWelcome] = [0, 0, true];

class OpenPolicy extends RoomPolicy {
  join(): boolean {
    return isWelcome;
  }
}

class LaterEngine extends DelayedEngine {
  constructor() {
    super(7);
  }
}

class NowEngine extends MemoryEngine {}

@RoomGateway('/:room', { policy: OpenPolicy })
class SlowGateway {
  handleDisconnect(connection: RoomConnection): void {
    ended.push(connection.principal.subject);
    handled.push('gone');
  }

  @SubscribeMessage('say')
  async say(
    @CurrentRoom() room: Room,
    @ConnectedSocket() connection: RoomConnection,
  ): Promise<void> {
    running += 1;
    mostRunning = Math.max(mostRunning, running);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await room.broadcast('said');
    handled.push(connection.principal.subject);
    running -= 1;
  }

  @SubscribeMessage('hold')
  async hold(@ConnectedSocket() { principal }: RoomConnection): Promise<void> {
    handled.push(principal.subject);
    await working.pass();
  }
}

const message = (event: string): Buffer => maskedText(JSON.stringify({ event }));
const many = (event: string, count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => message(event)));
const close = clientFrame({ opcode: OPCODE.close, payload: Buffer.from([3, 232]) });

describe.each<[string, new () => RoomEngine]>([
  ['an engine that answers at once', NowEngine],
  ['an engine that answers later', LaterEngine],
])('Messages that were accepted, with %s', (_, engine) => {
  let app: RoomApp;

  const connect = async (sub = 'alice'): Promise<RawClient> => {
    const client = await RawClient.open(app.port);
    const token = app.issuer.mint({ sub, rooms: [ROOM], ttlMs: 60_000 });
    client.write(upgradeBytes({ target: `/${ROOM}`, headers: [`Authorization: Bearer ${token}`] }));
    await client.until((bytes) => bytes.includes('hello') || bytes.includes('HTTP/1.1 429'));
    return client;
  };
  const connections = (): RoomConnection[] => [...app.node.registry.all()];
  const gone = (): Promise<void> =>
    eventually(() => app.node.registry.size === 0, 'the connection to be gone');

  beforeEach(async () => {
    [handled.length, ended.length, running, mostRunning, isWelcome] = [0, 0, 0, 0, true];
    working.open();
    app = await startRoomApp({
      providers: [SlowGateway, OpenPolicy],
      engine,
      roomgate: { maxConnectionsPerSubject: 5, rooms: { default: { presence: true } } },
    });
  });
  afterEach(async () => {
    working.open();
    await app.close();
  });

  it('are all handled when a close stands behind them in one packet', async () => {
    const client = await connect();
    client.write(Buffer.concat([many('say', 5), close, many('say', 5)]));
    await client.closed;
    await gone();
    expect(handled).toEqual([...Array.from({ length: 5 }, () => 'alice'), 'gone']);
  });

  it('are all handled when they come with the request', async () => {
    const client = await RawClient.open(app.port);
    const token = app.issuer.mint({ sub: 'alice', rooms: [ROOM] });
    const request = upgradeBytes({
      target: `/${ROOM}`,
      headers: [`Authorization: Bearer ${token}`],
    });
    client.write(Buffer.concat([Buffer.from(request), many('say', 5), close]));
    await client.closed;
    await gone();
    expect(handled).toHaveLength(6);
  });

  it('are all handled when the client only ends its side', async () => {
    const client = await connect();
    client.socket.end(many('say', 5));
    await client.closed;
    await gone();
    expect(handled).toEqual([...Array.from({ length: 5 }, () => 'alice'), 'gone']);
  });

  it('are all handled when there are so many that the socket was paused', async () => {
    const client = await connect();
    client.write(Buffer.concat([many('say', 70), close]));
    await eventually(() => handled.includes('gone'), 'all of them', 10_000);
    expect(handled).toHaveLength(71);
  }, 20_000);

  it.each<[string, () => unknown]>([
    ['the subject is blocked', () => app.app.get(RevocationService).block({ subject: 'alice' })],
    ['the token expires', () => app.clock.step(65_000)],
    [
      'the right to the room is lost',
      () => {
        isWelcome = false;
        return app.app.get(RoomService).room(ROOM).reauthorize();
      },
    ],
    ['the room is closed', () => app.app.get(RoomService).room(ROOM).close()],
    [
      'the connection is ended',
      () => app.app.get(RevocationService).disconnect({ subject: 'alice' }),
    ],
  ])(
    'are dropped behind the one that runs when %s, before and after the close',
    async (_why, take) => {
      for (const isClosed of [false, true]) {
        isWelcome = true;
        handled.length = 0;
        working.hold();
        const client = await connect();
        client.write(Buffer.concat([many('hold', 5), ...(isClosed ? [close] : [])]));
        await eventually(() => handled.length === 1, 'the first to run');
        if (isClosed) await client.closed;
        await take();
        working.open();
        if (!isClosed) client.socket.end();
        await gone();
        expect(handled).toEqual(['alice', 'gone']);
        await app.app.get(RevocationService).unblock({ subject: 'alice' });
      }
    },
  );

  it('are dropped behind the one that runs when the node shuts down after the close', async () => {
    working.hold();
    const client = await connect();
    client.write(Buffer.concat([many('hold', 5), close]));
    await client.closed;
    const closing = app.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    working.open();
    await closing;
    expect(handled.filter((each) => each === 'alice')).toHaveLength(1);
  });

  it('are handled when the node shuts down', async () => {
    const client = await connect();
    client.write(many('say', 5));
    await eventually(() => running === 1, 'the first to run');
    const closing = app.app.close();
    await client.until((bytes) => bytes.includes('goodbye'));
    client.write(close);
    await closing;
    expect(handled).toEqual([...Array.from({ length: 5 }, () => 'alice'), 'gone']);
  });

  it('keep the connection in registry, limit and room, but not its presence', async () => {
    working.hold();
    const clients = await Promise.all(Array.from({ length: 5 }, () => connect()));
    for (const client of clients) client.write(Buffer.concat([many('hold', 2), close]));
    await Promise.all(clients.map(({ closed }) => closed));
    const rooms = app.app.get(RoomService);
    expect(rooms.members(ROOM)).toHaveLength(5);
    await eventually(
      async () => (await rooms.room(ROOM).presence()).total === 0,
      'their presence to end',
    );
    expect((await connect()).received.toString()).toContain('429');
    working.open();
    await gone();
    expect(rooms.members(ROOM)).toEqual([]);
    expect((await connect()).received.toString()).toContain('101');
  });

  it('are given up after handlerTimeoutMs in all', async () => {
    working.hold();
    const client = await connect();
    client.write(Buffer.concat([many('hold', 5), close]));
    await client.closed;
    await eventually(() => connections()[0]?.isOpen === false, 'the close to be noticed');
    app.clock.advance(29_000);
    expect(app.node.registry.size).toBe(1);
    app.clock.advance(1_500);
    await gone();
    expect(handled.filter((each) => each === 'gone')).toHaveLength(1);
  });

  it('never have more handlers running than the subject may have connections', async () => {
    for (let round = 0; round < 200; round++) {
      const client = await connect();
      client.write(Buffer.concat([many('say', 64), close]));
      await client.closed.catch(() => undefined);
    }
    expect(mostRunning).toBeLessThanOrEqual(5);
    app.clock.advance(31_000);
    await gone();
  }, 60_000);
});
