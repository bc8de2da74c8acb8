import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { duplexPair } from 'node:stream';
import type { CanActivate, ExecutionContext, Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { SubscribeMessage } from '@nestjs/websockets';
import { RoomGateway, type RoomPolicy, type TokenVerifier } from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';
import {
  NeverVerifier,
  ThrowingPolicy,
  ThrowingVerifier,
  TruthyPolicy,
} from '../support/broken-seams.js';
import { nodeOf } from '../support/node-of.js';
import { HeldPolicy } from '../support/policies.js';
import { maskedText } from '../support/raw-frames.js';

const ran: string[] = [];

class Watching implements CanActivate {
  canActivate(_context: ExecutionContext): boolean {
    ran.push('guard');
    return true;
  }
}

@RoomGateway('/:room')
class WatchedGateway {
  handleConnection(): void {
    ran.push('handleConnection');
  }

  handleDisconnect(): void {
    ran.push('handleDisconnect');
  }

  @SubscribeMessage('ping')
  ping(): string {
    ran.push('ping');
    return 'pong';
  }
}

const PING = maskedText('{"event":"ping","id":1}');

/** An upgrade whose first frames come in the same packet, before any verdict. */
function knock(testbed: RoomgateTestbed, token: string, room: string): Promise<string> {
  const [near, far] = duplexPair();
  near.once('close', () => far.destroy());
  far.once('close', () => near.destroy());
  (testbed.app.getHttpServer() as Server).emit('connection', far);
  const head = [
    `GET /${room} HTTP/1.1`,
    'Host: testbed',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
    `Authorization: Bearer ${token}`,
  ].join('\r\n');
  near.write(Buffer.concat([Buffer.from(`${head}\r\n\r\n`), PING, PING, PING]));
  return new Promise((resolve) => {
    let received = '';
    near.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1');
      if (
        received.includes('"pong"') ||
        received.startsWith('HTTP/1.1 4') ||
        received.startsWith('HTTP/1.1 5')
      )
        resolve(received);
    });
  });
}

describe('Before the verdict nothing of the gateway runs', () => {
  let testbed: RoomgateTestbed;
  const room = randomUUID();
  beforeEach(() => (ran.length = 0));
  afterEach(() => testbed.close());

  const start = async (seams: {
    policy?: Type<RoomPolicy>;
    verifier?: Type<TokenVerifier>;
  }): Promise<void> => {
    testbed = await createRoomgateTestbed({
      roomgate: { roomIdleMs: 0 },
      ...seams,
      providers: [WatchedGateway, { provide: APP_GUARD, useClass: Watching }],
    });
  };

  it.each<[string, object, number]>([
    ['a verifier that throws', { verifier: ThrowingVerifier }, 401],
    ['a verifier that never answers', { verifier: NeverVerifier }, 503],
    ['a policy that throws', { policy: ThrowingPolicy }, 503],
    ['a policy that says something like yes', { policy: TruthyPolicy }, 403],
    ['a policy that never answers', { policy: HeldPolicy }, 503],
    ['a token for another room', {}, 403],
  ])('although messages came with the upgrade: %s', async (_, seams, status) => {
    await start(seams);
    const answer = knock(testbed, testbed.mint({ rooms: [randomUUID()] }), room);
    await testbed.settle();
    await testbed.advance(5_000);
    expect(await answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    await testbed.settle();
    expect(ran).toEqual([]);
    HeldPolicy.letGo();
    await testbed.settle();
    expect(ran).toEqual([]);
    const { registry, memberships, wheel } = nodeOf(testbed);
    expect([registry.size, memberships.size, wheel.size, testbed.clock.pending]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  it('and after it what came with the upgrade is handled, behind the greeting, in order', async () => {
    await start({ policy: HeldPolicy });
    const answer = knock(testbed, testbed.mint(), room);
    await testbed.settle();
    expect(ran).toEqual([]);
    HeldPolicy.letGo();
    const text = await answer;
    expect(text).toMatch(/^HTTP\/1.1 101 /);
    expect(text.indexOf('"hello"')).toBeLessThan(text.indexOf('"pong"'));
    expect(ran).toEqual([
      'handleConnection',
      ...Array.from({ length: 3 }, () => ['guard', 'ping']).flat(),
    ]);
  });

  it('nor does it for a token that expires, or a server that begins to shut down, while the policy thinks', async () => {
    await start({ policy: HeldPolicy });
    const expires = testbed.mint({ ttlMs: 1_000 });
    const answer = knock(testbed, expires, room);
    await testbed.settle();
    testbed.clock.step(6_000);
    HeldPolicy.letGo();
    expect(await answer).toMatch(/^HTTP\/1.1 401 [^]*token_expired/);
    const other = knock(testbed, testbed.mint(), room);
    await testbed.settle();
    nodeOf(testbed).drain.begin();
    HeldPolicy.letGo();
    expect(await other).toMatch(/^HTTP\/1.1 503 [^]*draining/);
    expect(ran).toEqual([]);
    expect(nodeOf(testbed).memberships.size).toBe(0);
  });
});
