import { randomUUID } from 'node:crypto';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { CurrentRoom, type Room, RoomGateway } from 'nestjs-roomgate';
import type { TestConnection } from 'nestjs-roomgate/testing';
import { dial } from '../support/dial.js';
import { expectProblem } from '../support/expect-problem.js';
import { eventually } from '../support/poll.js';
import { ask, RawClient, upgradeBytes } from '../support/raw-http.js';
import { readFrames } from '../support/raw-frames.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';

const ROOM = randomUUID();
const DRAIN = { drainBatchSize: 5, drainIntervalMs: 500 };

@RoomGateway('/:room')
class SlowGateway {
  static release: (() => void) | undefined;

  @SubscribeMessage('say')
  say(@CurrentRoom() room: Room, @MessageBody() data: unknown): Promise<unknown> {
    return room.broadcast('said', data);
  }

  @SubscribeMessage('slow')
  async slow(@CurrentRoom() room: Room): Promise<string> {
    await new Promise<void>((resolve) => (SlowGateway.release = resolve));
    await room.broadcast('said', 'late');
    return 'done';
  }
}

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('An app on %s that is closed', (_name, http) => {
  let app: RoomApp;

  beforeEach(async () => {
    app = await startRoomApp({ http: http(), providers: [SlowGateway], roomgate: DRAIN });
  });

  afterEach(() => app.close());

  const bearer = (): string => `Authorization: Bearer ${app.issuer.mint({ rooms: [ROOM] })}`;
  const enter = (sub: string): Promise<TestConnection> =>
    dial(app.port, `/${ROOM}`, app.issuer.mint({ sub, rooms: [ROOM] }));

  /** A client that never answers a close. */
  async function enterDeaf(): Promise<RawClient> {
    const client = await RawClient.open(app.port);
    client.write(upgradeBytes({ target: `/${ROOM}`, headers: [bearer()] }));
    expect((await client.head()).status).toBe(101);
    return client;
  }

  it('tells its members to come back, each after a delay of its own, and closes with 1012', async () => {
    const members = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(enter));
    const startedAt = Date.now();
    await app.app.close();
    expect(Date.now() - startedAt).toBeLessThan(1_000);
    const delays = new Set<number>();
    for (const member of members) {
      const { data } = (await member.next('goodbye')) as { data: Record<string, unknown> };
      expect(data).toEqual({
        code: 1012,
        reason: 'restart',
        reconnect: true,
        retryAfterMs: expect.any(Number) as number,
      });
      delays.add(data.retryAfterMs as number);
      expect(member.waiting).toEqual([]);
      await member.expectClosed(1012);
    }
    expect(delays.size).toBeGreaterThan(1);
    expect([app.node.registry.size, app.node.memberships.size]).toEqual([0, 0]);
  });

  it('delivers what was said before it closed', async () => {
    const alice = await enter('alice');
    const bob = await enter('bob');
    await alice.request('say', 'last words');
    await app.app.close();
    expect((await bob.next()).event).toBe('said');
    expect((await bob.next()).event).toBe('goodbye');
  });

  it('closes at once without members', async () => {
    const startedAt = Date.now();
    await app.app.close();
    expect(Date.now() - startedAt).toBeLessThan(1_000);
  });

  it('refuses newcomers while it waits for a member that does not answer, whom it then cuts off', async () => {
    const deaf = await enterDeaf();
    const alice = await enter('alice');
    const closing = app.app.close();
    await alice.expectClosed(1012);
    const answer = await ask(app.port, upgradeBytes({ target: `/${ROOM}`, headers: [bearer()] }));
    expectProblem(answer, 503, 'draining');
    app.clock.advance(1_999);
    expect(deaf.socket.destroyed).toBe(false);
    app.clock.advance(1);
    await closing;
    await deaf.closed;
    const frames = readFrames((await deaf.answer()).body);
    const [hello, goodbye, close] = frames;
    expect(String(hello?.payload)).toContain('"hello"');
    expect(String(goodbye?.payload)).toContain('"goodbye"');
    expect([close?.opcode, close?.payload.readUInt16BE(0)]).toEqual([8, 1012]);
    expect(frames).toHaveLength(3);
  });

  it('does not wait for a member that went away without a word', async () => {
    const deaf = await enterDeaf();
    const closing = app.app.close();
    await eventually(() => app.node.drain.isDraining, 'the drain to begin');
    deaf.reset();
    await closing;
    expect(app.node.registry.size).toBe(0);
  });

  it('no longer listens for upgrades', async () => {
    expect(app.server.listenerCount('upgrade')).toBe(1);
    await app.app.close();
    expect(app.server.listenerCount('upgrade')).toBe(0);
  });

  it('goes on serving those whose turn has not come, and lets all who keep up lose nothing', async () => {
    const members = await Promise.all(Array.from({ length: 12 }, (_, n) => enter(`member ${n}`)));
    const closing = app.app.close();
    const toldAt: number[] = [];
    for (const batch of [5, 5, 2]) {
      const before = toldAt.length;
      await eventually(() => goneOf(members).length === before + batch, 'the next batch to go');
      toldAt.push(...Array.from({ length: batch }, () => before));
      const [speaker] = members.filter((member) => !goneOf(members).includes(member));
      await speaker?.request('say', before);
      app.clock.advance(500);
    }
    await closing;
    const said = (member: TestConnection): unknown[] =>
      member.waiting.filter(({ event }) => event === 'said').map(({ data }) => data.data);
    const heard = members.map((member) => said(member).length).toSorted((a, b) => a - b);
    expect(heard).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2]);
    for (const member of members) {
      expect(member.waiting.at(-1)?.event).toBe('goodbye');
      await member.expectClosed(1012);
    }
  });

  it('flushes what a reader that keeps up has not read yet', async () => {
    const alice = await enter('alice');
    const bob = await enter('bob');
    bob.socket.pause();
    const text = 'x'.repeat(30_000);
    for (let n = 0; n < 30; n++) await alice.request('say', `${n} ${text}`);
    const closing = app.app.close();
    await alice.expectClosed(1012);
    bob.socket.resume();
    await bob.expectClosed(1012);
    await closing;
    expect(bob.waiting.map(({ event }) => event)).toEqual([...Array(30).fill('said'), 'goodbye']);
  });

  it('does not wait for handlers, and what they still say harms nobody', async () => {
    const alice = await enter('alice');
    alice.send('slow', undefined, 1);
    await eventually(() => SlowGateway.release !== undefined, 'the handler to run');
    const closing = app.app.close();
    await alice.expectClosed(1012);
    SlowGateway.release?.();
    SlowGateway.release = undefined;
    await closing;
    expect(alice.waiting.map(({ event }) => event)).toEqual(['goodbye']);
  });

  it('may be closed twice, also at once', async () => {
    const alice = await enter('alice');
    await Promise.all([app.app.close(), app.app.close()]);
    await app.app.close();
    await alice.expectClosed(1012);
    expect(alice.waiting.map(({ event }) => event)).toEqual(['goodbye']);
  });
});

const goneOf = (members: TestConnection[]): TestConnection[] =>
  members.filter(({ waiting }) => waiting.some(({ event }) => event === 'goodbye'));
