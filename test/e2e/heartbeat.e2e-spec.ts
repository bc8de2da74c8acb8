import { randomUUID } from 'node:crypto';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { AuditSink, RoomGateway, type RoomgateModuleOptions } from 'nestjs-roomgate';
import type { TestConnection } from 'nestjs-roomgate/testing';
import { dial } from '../support/dial.js';
import { eventually } from '../support/poll.js';
import { RawClient, upgradeBytes } from '../support/raw-http.js';
import { type Frame, maskedFrame, readFrames } from '../support/raw-frames.js';
import { RecordingSink } from '../support/recording-sink.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';

const ROOM = randomUUID();
const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
const FIN = 0x80;

let release: () => void = () => {};

@RoomGateway('/:room')
class SlowGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('wait')
  wait(): Promise<void> {
    return new Promise((resolve) => (release = resolve));
  }
}

describe('An app with a heartbeat', () => {
  let app: RoomApp;
  /** Somebody who talks all the time, so that what is in the sockets has arrived when it is answered. */
  let talker: TestConnection;

  async function start(roomgate: RoomgateModuleOptions = {}): Promise<void> {
    app = await startRoomApp({
      providers: [SlowGateway],
      auditSink: RecordingSink,
      roomgate: { pingIntervalMs: 25_000, messageTimeoutMs: 10_000, ...roomgate },
    });
    talker = await dial(app.port, `/${ROOM}`, app.issuer.mint({ sub: 'talker', rooms: [ROOM] }));
  }

  afterEach(() => app.close());

  /** A client of which nothing comes but what it is told to write. */
  async function enterRaw(ttlMs?: number): Promise<RawClient> {
    const client = await RawClient.open(app.port);
    const token = app.issuer.mint({ rooms: [ROOM], ...(ttlMs && { ttlMs }) });
    client.write(upgradeBytes({ target: `/${ROOM}`, headers: [`Authorization: Bearer ${token}`] }));
    expect((await client.head()).status).toBe(101);
    return client;
  }

  async function seconds(count: number, each: () => void = () => {}): Promise<void> {
    for (let second = 0; second < count; second++) {
      each();
      await talker.request('echo', 1);
      app.clock.advance(1_000);
      for (let trip = 0; trip < 2; trip++) await talker.request('echo', 1);
    }
  }

  const framesOf = (client: RawClient): Frame[] => {
    const { received } = client;
    return readFrames(received.subarray(received.indexOf('\r\n\r\n') + 4));
  };

  const lastWords = (client: RawClient): [string, number | undefined] => {
    const [goodbye, close] = framesOf(client).slice(-2);
    const { data } = JSON.parse(String(goodbye?.payload)) as { data: object };
    expect(close?.opcode).toBe(OPCODE.close);
    return [JSON.stringify(data), close?.payload.readUInt16BE(0)];
  };

  const connections = (): number => app.node.registry.size;
  const reasons = (): string[] =>
    app.app
      .get<RecordingSink>(AuditSink, { strict: false })
      .events.filter(({ kind }) => kind === 'closed')
      .map(({ reason }) => reason);

  it('has lost a peer that went away without a word after 35 seconds, and nobody else', async () => {
    await start();
    const quiet = await dial(
      app.port,
      `/${ROOM}`,
      app.issuer.mint({ sub: 'quiet', rooms: [ROOM] }),
    );
    let pings = 0;
    quiet.socket.on('ping', () => (pings += 1));
    const silent = await enterRaw();
    const deaf = await enterRaw();
    deaf.socket.pause();
    await seconds(9);
    expect(connections()).toBe(4);
    await seconds(26);
    await silent.closed;
    await eventually(() => connections() === 2, 'the sockets to be gone');
    expect(framesOf(silent).map(({ opcode }) => opcode)).toEqual([
      OPCODE.text,
      OPCODE.ping,
      OPCODE.text,
      OPCODE.close,
    ]);
    expect(lastWords(silent)).toEqual(['{"code":4408,"reason":"no pong","reconnect":true}', 4408]);
    expect(reasons()).toEqual(['no_pong', 'no_pong']);
    await seconds(100);
    expect(pings).toBeGreaterThanOrEqual(5);
    expect([connections(), quiet.waiting]).toEqual([2, []]);
    deaf.reset();
  });

  it('keeps a peer that pongs, and one that never does but talks', async () => {
    await start();
    const pongs = await enterRaw();
    const talks = await enterRaw();
    let told = 0;
    await seconds(120, () => {
      if (framesOf(pongs).filter(({ opcode }) => opcode === OPCODE.ping).length > told) {
        told += 1;
        pongs.write(maskedFrame(FIN | OPCODE.pong, ''));
      }
      talks.write(maskedFrame(FIN | OPCODE.text, '{"event":"echo"}'));
    });
    expect(told).toBeGreaterThanOrEqual(4);
    expect(connections()).toBe(3);
  });

  it('does not hold it against a peer that we do not read from it', async () => {
    await start({ maxInboxMessages: 1, handlerTimeoutMs: 3_600_000 });
    const waiting = await enterRaw();
    for (let n = 0; n < 3; n++) waiting.write(maskedFrame(FIN | OPCODE.text, '{"event":"wait"}'));
    // A message that is only begun before the pause.
    waiting.write(maskedFrame(OPCODE.text, '{"event":'));
    await seconds(1);
    waiting.write(maskedFrame(FIN, '"echo","id":1}'));
    await seconds(120);
    expect(connections()).toBe(2);
    for (let n = 0; n < 3; n++) {
      release();
      await seconds(1);
    }
    await waiting.until((bytes) => bytes.includes('"ack"'));
    await seconds(46);
    await eventually(() => connections() === 1, 'the silent one to be gone');
    expect(reasons()).toEqual(['no_pong']);
  });

  it.each([
    ['the head of a frame', [maskedFrame(FIN | OPCODE.text, '{"event":"echo"}').subarray(0, 3)]],
    ['a part of its payload', [maskedFrame(FIN | OPCODE.text, '{"event":"echo"}').subarray(0, 9)]],
    ['a fragment', [maskedFrame(OPCODE.text, '{')]],
    ['a fragment and a ping', [maskedFrame(OPCODE.text, ''), maskedFrame(FIN | OPCODE.ping, '')]],
  ])('closes with 1008 who sends %s and not the rest', async (_, writes) => {
    await start({ pingIntervalMs: 0 });
    const client = await enterRaw();
    for (const bytes of writes) client.write(bytes);
    await seconds(10);
    expect(connections()).toBe(2);
    const isTold = (): boolean => framesOf(client).some(({ opcode }) => opcode === OPCODE.close);
    for (let second = 10; second < 14 && !isTold(); second++) await seconds(1);
    expect(lastWords(client)).toEqual([
      '{"code":1008,"reason":"message timeout","reconnect":true}',
      1008,
    ]);
    expect(connections()).toBe(2);
    await seconds(2);
    await client.closed;
    expect(reasons()).toEqual(['message_timeout']);
  });

  it('closes with 1008 who sends a message byte after byte, and pings between them', async () => {
    await start();
    const client = await enterRaw();
    client.write(maskedFrame(OPCODE.text, '['));
    await seconds(14, () => {
      client.write(maskedFrame(0, '1,'));
      client.write(maskedFrame(FIN | OPCODE.ping, 'here'));
    });
    await client.until(() => framesOf(client).some(({ opcode }) => opcode === OPCODE.close));
    expect(lastWords(client)[1]).toBe(1008);
  });

  it('lets a message take nine seconds', async () => {
    await start();
    const client = await enterRaw();
    for (let n = 0; n < 3; n++) {
      client.write(maskedFrame(OPCODE.text, '{"event":'));
      await seconds(8);
      client.write(maskedFrame(FIN, `"echo","id":${n}}`));
      await client.until((bytes) => bytes.includes(`"id":${n}`));
    }
    expect(connections()).toBe(2);
  });

  it('closes with 4401 after the grace, whatever control frames still come', async () => {
    await start();
    const client = await enterRaw(30_000);
    // Five more seconds are the tolerance of the clock, 25 the grace.
    await seconds(59, () => {
      client.write(maskedFrame(FIN | OPCODE.ping, 'still'));
      client.write(maskedFrame(FIN | OPCODE.pong, 'here'));
    });
    expect(connections()).toBe(2);
    await seconds(2);
    expect(lastWords(client)[1]).toBe(4401);
  });
});
