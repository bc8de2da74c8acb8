import { inspect } from 'node:util';
import { BadRequestException, type PipeTransform, UsePipes } from '@nestjs/common';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Observable } from 'rxjs';
import {
  CurrentConnection,
  CurrentRoom,
  type Room,
  type RoomConnection,
  RoomGateway,
} from 'nestjs-roomgate';
import type { TestConnection } from 'nestjs-roomgate/testing';
import { CANARY, expectNoCanary, mintCanary } from '../support/canary.js';
import { CapturedLogger } from '../support/captured-logger.js';
import { dial } from '../support/dial.js';
import { setEnv } from '../support/env.js';
import { eventually } from '../support/poll.js';
import { maskedText } from '../support/raw-frames.js';
import { ask, RawClient, upgradeBytes } from '../support/raw-http.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';
import { RoomProcess } from '../support/room-process.js';

const HOST = { host: '127.0.0.1' };
const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';

class QuotingPipe implements PipeTransform {
  transform(value: unknown): never {
    throw new BadRequestException([`What is ${String(value)}?`]);
  }
}

/** Fails in the ways in which handlers fail, quoting what they were sent. */
@RoomGateway('/:room')
class QuotingGateway {
  handleConnection({ principal }: RoomConnection): void {
    if (principal.subject === 'unwanted') throw new Error(`No ${String(principal.claims.secret)}`);
  }

  handleDisconnect({ principal }: RoomConnection): void {
    throw new Error(`Bye ${String(principal.claims.secret)}`);
  }

  @SubscribeMessage('throw')
  throwing(@MessageBody() data: unknown): never {
    throw new Error(`Cannot ${String(data)}`);
  }

  @SubscribeMessage('reject')
  async rejecting(@MessageBody() data: unknown): Promise<never> {
    throw Object.assign(new TypeError(`Cannot ${String(data)}`), { cause: data, value: data });
  }

  @SubscribeMessage('text')
  throwingText(@MessageBody() data: unknown): never {
    // oxlint-disable-next-line typescript/only-throw-error -- applications do
    throw String(data);
  }

  @SubscribeMessage('parse')
  parsing(@MessageBody() data: string): unknown {
    return JSON.parse(data);
  }

  @SubscribeMessage('pipe')
  @UsePipes(QuotingPipe)
  piped(@MessageBody() data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('stream')
  streaming(@MessageBody() data: unknown): Observable<unknown> {
    return new Observable((subscriber) => subscriber.error(new Error(`Cannot ${String(data)}`)));
  }

  @SubscribeMessage('unsendable')
  unsendable(@MessageBody() data: unknown): object {
    return { event: 'big', data: { [String(data)]: 1n } };
  }

  @SubscribeMessage('reserved')
  reserved(@CurrentRoom() room: Room, @MessageBody() data: unknown): Promise<unknown> {
    return room.broadcast('hello', data);
  }

  @SubscribeMessage('describe')
  describe(@CurrentConnection() connection: RoomConnection): object {
    const { id, ip, headers, principal } = connection;
    return [inspect({ id, ip, headers, principal }), JSON.stringify({ headers, principal })];
  }
}

describe('A canary on a connection', () => {
  const logger = new CapturedLogger();
  let app: RoomApp;
  let token: string;
  let alice: TestConnection;
  let bob: TestConnection;

  beforeAll(async () => {
    // In development the messages of errors are in the log, for the developer.
    const restore = setEnv({ NODE_ENV: 'production' });
    app = await startRoomApp({
      providers: [QuotingGateway],
      logger,
      roomgate: { maxStrikes: 1_000, allowedHosts: [HOST.host] },
    });
    restore();
    token = mintCanary(app.issuer, { rooms: [ROOM] });
    alice = await dial(app.port, `/${ROOM}`, token, {
      ...HOST,
      cookie: CANARY,
      'x-canary': CANARY,
    });
    bob = await dial(app.port, `/${ROOM}`, app.issuer.mint({ sub: 'bob', rooms: [ROOM] }), HOST);
  });

  afterAll(() => app.close());

  function expectSilence(frames: unknown): void {
    expectNoCanary(JSON.stringify(frames), token);
    expectNoCanary(logger.text, token);
    expect(bob.waiting).toEqual([]);
  }

  it('is not in the greeting', () => {
    expectSilence(alice.hello);
  });

  it.each([
    ['throw', CANARY],
    ['throw', `x\n    at ${CANARY} (file:///${CANARY}.js:1:1)`],
    ['reject', CANARY],
    ['text', CANARY],
    ['parse', `{"${CANARY}`],
    ['pipe', CANARY],
    ['stream', CANARY],
    ['unsendable', CANARY],
    ['reserved', CANARY],
    [CANARY, CANARY],
    ['auth.refresh', { token: CANARY }],
    ['room.join', { room: ROOM, [CANARY]: CANARY }],
  ])('is neither in the exception nor in the log when "%s" fails', async (event, data) => {
    const reply = await alice.request(event, data);
    expect(reply.event).toBe('exception');
    expectSilence(reply);
    alice.send(event, data);
    await alice.request('describe');
    expectSilence(alice.waiting);
    while (alice.waiting.length > 0) await alice.next();
  });

  it.each([`{"event":"${CANARY}`, `["${CANARY}"]`, `{"event":"x","id":{"${CANARY}":1}}`, CANARY])(
    'is neither in the exception nor in the log when it is no message: %s',
    async (text) => {
      const { socket } = alice;
      socket.send(text);
      expectSilence(await alice.next('exception'));
    },
  );

  it('is in nothing that the application can read of the connection but its claims', async () => {
    const [described, json] = (await alice.request('describe')).data as [string, string];
    expect(described.split(CANARY)).toHaveLength(2);
    expectNoCanary(described.replace(CANARY, '') + json.replace(CANARY, ''), token);
  });

  it('is not in the log when a hook fails, nor in the close', async () => {
    const unwanted = mintCanary(app.issuer, { sub: 'unwanted', rooms: [ROOM] });
    const connection = await dial(app.port, `/${ROOM}`, unwanted, HOST);
    expectSilence(await connection.next('goodbye'));
    expectSilence(await connection.expectClosed(1011));
    await eventually(() => logger.text.includes('handleDisconnect'), 'the other hook to fail');
    expectSilence([]);
  });
});

describe('A canary sent to a process', () => {
  it('is found neither on stdout nor on stderr', async () => {
    const server = await RoomProcess.start();
    const token = await server.mint({ rooms: [ROOM], claims: { secret: CANARY } });
    const bearer = `Authorization: Bearer ${token}`;
    const requests = [
      { headers: [bearer, `Origin: http://x.test/${CANARY}`] },
      { headers: [`${bearer}x`] },
      { target: `/${CANARY}`, headers: [bearer] },
      { target: `/${ROOM}?token=${token}` },
      { headers: [bearer, `Content-Length: ${CANARY}`] },
    ];
    for (const lines of requests)
      await ask(server.port, upgradeBytes({ target: `/${ROOM}`, ...lines }));
    const client = await RawClient.open(server.port);
    client.write(upgradeBytes({ target: `/${ROOM}`, headers: [bearer] }));
    client.write(maskedText(`{"event":"${CANARY}","data":"${CANARY}","id":1}`));
    client.write(maskedText(`{"event":"${CANARY}`));
    await client.until((bytes) => bytes.includes('bad_message'));
    client.write(Buffer.from([0xff, 0xff, ...Buffer.from(CANARY)]));
    await client.closed;
    expect(await server.stop()).toBe(0);
    expect(server.output).toContain('Upgrade refused: 400 token_in_query');
    expectNoCanary(server.output, token);
  });
});
