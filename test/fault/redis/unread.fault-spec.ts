import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TestConnection } from 'nestjs-roomgate/testing';
import { dial } from '../../support/dial.js';
import { eventually } from '../../support/poll.js';
import '../../support/process-budget.js';
import { RedisServer } from '../../support/redis/redis-server.js';

const MEMBERS = 20;
const MAX_OUTBOX_BYTES = 1_048_576;
const LIMIT_BYTES = MEMBERS * MAX_OUTBOX_BYTES * 1.2;
/** As many as a connection may be in. */
const ROOMS = Array.from({ length: 50 }, () => randomUUID());
const TEXT_BYTES = 50_000;
const TIMEOUT_MS = 120_000;

const child = (name: string): string =>
  fileURLToPath(new URL(`../../support/child/${name}`, import.meta.url));

interface Position {
  readonly offset: number;
  readonly epoch: string;
}

describe.each(['memory', 'Redis'])('20 members that read nothing, over the %s engine', (engine) => {
  let redis: RedisServer | undefined;
  let app: ChildProcess;
  let port: number;
  let members: TestConnection[];

  const ask = async <T>(request: object): Promise<T> => {
    const replied = once(app, 'message');
    app.send(request);
    const [reply] = (await replied) as [T];
    return reply;
  };
  const bytesInUse = async (): Promise<number> => (await ask<{ bytes: number }>({})).bytes;
  const say = async (rooms: readonly string[], text: string): Promise<readonly Position[]> =>
    (await ask<{ positions: Position[] }>({ say: { rooms, text } })).positions;

  beforeEach(async () => {
    redis = engine === 'Redis' ? await RedisServer.start() : undefined;
    app = fork(child('unread-app.ts'), redis ? [String(redis.port)] : [], {
      execArgv: ['--import', child('register.mjs'), '--disable-warning=ExperimentalWarning'],
    });
    [{ port }] = (await once(app, 'message')) as [{ port: number }];
    members = [];
  }, TIMEOUT_MS);
  afterEach(async () => {
    for (const { socket } of members) socket.terminate();
    const exited = once(app, 'exit');
    app.send({ close: true });
    await exited;
    await redis?.stop();
  }, TIMEOUT_MS);

  async function enter(): Promise<void> {
    for (let n = 0; n < MEMBERS; n++) {
      const { token } = await ask<{ token: string }>({ mint: { sub: `m${n}`, rooms: ROOMS } });
      const member = await dial(port, `/${ROOMS[0]}`, token);
      member.socket.pause();
      members.push(member);
    }
  }

  it(
    'cost at most 20 outboxes and a fifth while the room goes on',
    async () => {
      await say(ROOMS.slice(0, 1), 'first');
      await enter();
      const before = await bytesInUse();
      await ask({ fill: true });
      let most = 0;
      for (let said = 0; said < 300; said++) {
        await say(ROOMS.slice(0, 1), 'x'.repeat(TEXT_BYTES));
        if (said % 20 === 19) most = Math.max(most, (await bytesInUse()) - before);
      }
      expect(most).toBeLessThan(LIMIT_BYTES);
    },
    TIMEOUT_MS,
  );

  it(
    'cost at most 20 outboxes and a fifth while they recover 50 rooms at once',
    async () => {
      const start = await say(ROOMS, 'first');
      for (let said = 0; said < 5; said++) await say(ROOMS, 'x'.repeat(TEXT_BYTES));
      await enter();
      const before = await bytesInUse();
      await ask({ fill: true });
      for (const member of members)
        for (const [at, room] of ROOMS.entries())
          if (at > 0) member.send('room.join', { room, position: start[at] });
      await eventually(
        async () =>
          (await ask<{ memberships: number }>({ count: true })).memberships ===
          MEMBERS * ROOMS.length,
        'everybody to be in every room',
        20_000,
      );
      let most = 0;
      for (let look = 0; look < 10; look++) most = Math.max(most, (await bytesInUse()) - before);
      for (let said = 0; said < 12; said++) {
        await say(ROOMS, 'y'.repeat(TEXT_BYTES));
        most = Math.max(most, (await bytesInUse()) - before);
      }
      expect(most).toBeLessThan(LIMIT_BYTES);
    },
    TIMEOUT_MS,
  );
});
