/**
 * Why this exists: a rolling upgrade runs nodes of two versions on one Redis. A node of the last released state, whose
 * commit .ci/last-state names, and a node of this tree have to hear each other's rooms, revocations and orders.
 * Needs `npm ci` (which builds), redis-server, and that commit in the clone.
 */
import { fork, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { ensure } from '../support/setup/prerequisites.js';
import { childEnvironment } from './command.js';
import { createIssuer } from './issuer.js';
import { freePort } from './running-app.js';
import { assert, runSteps, step } from './steps.js';
import { createWorkspace } from './workspace.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = fileURLToPath(new URL('./two-versions-node.js', import.meta.url));
const commit = readFileSync(join(root, '.ci/last-state'), 'utf8').trim();
const workspace = createWorkspace();
const lastTree = join(workspace.folder, 'last');
const issuer = createIssuer(workspace.folder);
const sockets = [];
let redis;
let redisPort;
const nodes = {};

const directions = [
  ['last', 'this'],
  ['this', 'last'],
];

process.exitCode = await runSteps(
  'two versions on one Redis',
  [
    step('this tree is built, and the last state is in this clone', 120, async (run) => {
      ensure('redis');
      assert(existsSync(join(root, 'dist/redis.js')), 'not built: run `npm run build` first');
      await run('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: root }).catch(() => {
        throw new Error(
          `.ci/last-state names ${commit}, which this clone lacks: run \`git fetch --unshallow\``,
        );
      });
    }),

    step('the last state builds with the packages of this tree', 120, async (run) => {
      mkdirSync(lastTree);
      const archive = join(workspace.folder, 'last.tar');
      await run('git', ['archive', '--output', archive, commit], { cwd: root });
      await run('tar', ['-xf', archive, '-C', lastTree], {});
      symlinkSync(join(root, 'node_modules'), join(lastTree, 'node_modules'));
      const tsc = join(root, 'node_modules/typescript-native/bin/tsc');
      // Types of newer packages may differ. What counts is the JavaScript, and whether it runs.
      await run(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: lastTree }).catch(
        () => undefined,
      );
      assert(existsSync(join(lastTree, 'dist/redis.js')), 'nothing was compiled');
      copyFileSync(program, join(lastTree, 'two-versions-node.js'));
    }),

    step('a node of each starts on one Redis', 60, async () => {
      redisPort = await freePort();
      const args = ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', ''];
      redis = spawn('redis-server', args, { cwd: workspace.folder, stdio: 'ignore' });
      await delay(500);
      nodes.last = await startNode(join(lastTree, 'two-versions-node.js'));
      nodes.this = await startNode(program);
    }),

    ...directions.flatMap(([from, to]) => [
      step(`rooms: what ${from} says is heard on ${to}`, 30, async () => {
        const room = randomUUID();
        const member = await enter(to, { rooms: [room] });
        const other = await enter(from, { rooms: [room] });
        await nodes[from].ask('broadcast', room, `from ${from}`);
        for (const socket of [member, other])
          await until(
            () => socket.heard.some(({ data }) => data === `from ${from}`),
            'the broadcast',
          );
      }),

      step(`orders: ${from} closes a room and disconnects a subject on ${to}`, 30, async () => {
        const room = randomUUID();
        const member = await enter(to, { rooms: [room] });
        await nodes[from].ask('close', room);
        await until(() => member.code === 4404, `4404, not ${member.code}`);
        const sub = randomUUID();
        const kicked = await enter(to, { sub, rooms: [randomUUID()] });
        await nodes[from].ask('disconnect', sub);
        await until(() => kicked.code === 4440, `4440, not ${kicked.code}`);
      }),

      step(`revocations: ${from} revokes a token, which ends on ${to}`, 30, async () => {
        const claims = { jti: randomUUID(), rooms: [randomUUID()] };
        const member = await enter(to, claims);
        await nodes[from].ask('revokeToken', claims.jti);
        await until(() => member.code === 4440, `4440, not ${member.code}`);
        for (const name of ['last', 'this'])
          await until(async () => (await status(name, claims)) === 401, `401 on ${name}`);
      }),

      step(`revocations: ${from} blocks and unblocks a subject on ${to}`, 30, async () => {
        const claims = { sub: randomUUID(), rooms: [randomUUID()] };
        const member = await enter(to, claims);
        await nodes[from].ask('block', claims.sub);
        await until(() => member.code === 4440, `4440, not ${member.code}`);
        await until(async () => (await status(to, claims)) === 401, '401');
        await nodes[from].ask('unblock', claims.sub);
        await until(async () => (await status(to, claims)) === 101, '101');
      }),
    ]),

    step('neither node said an error', 5, async () => {
      for (const [name, { output }] of Object.entries(nodes))
        assert(!/error/i.test(output()), `${name}:\n${output()}`);
    }),
  ],
  async () => {
    for (const socket of sockets) socket.terminate();
    for (const { child } of Object.values(nodes)) child.kill('SIGKILL');
    redis?.kill('SIGKILL');
    workspace.remove();
  },
);

/** Resolves when it listens. */
async function startNode(file) {
  const env = childEnvironment({
    ...issuer.environment,
    NODE_ENV: 'test',
    REDIS_PORT: String(redisPort),
  });
  const child = fork(file, { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  const answer = async () => {
    const [message] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => [{ error: `the node ended\n${text}` }]),
    ]);
    assert(!message.error, message.error);
    return message.answer;
  };
  const ask = (...request) => {
    child.send(request);
    return answer();
  };
  await answer();
  return { child, ask, port: await ask('port'), output: () => text };
}

function open(name, { sub = 'alice', rooms, ...claims }) {
  const authorization = `Bearer ${issuer.mint({ sub, rooms, ...claims })}`;
  const url = `ws://127.0.0.1:${nodes[name].port}/chat/${rooms[0]}`;
  const socket = new WebSocket(url, { headers: { authorization } });
  sockets.push(socket);
  socket.heard = [];
  socket.on('error', () => undefined);
  socket.on('message', (text) => socket.heard.push(JSON.parse(text)));
  socket.on('close', (code) => (socket.code = code));
  return socket;
}

/** Resolves with the status code of the answer. */
function status(name, claims) {
  const socket = open(name, claims);
  return new Promise((resolve) => {
    socket.once('unexpected-response', (_, response) => {
      response.resume();
      resolve(response.statusCode);
    });
    socket.once('open', () => resolve(101));
  });
}

/** Resolves when it was greeted. */
async function enter(name, claims) {
  const socket = open(name, claims);
  await until(() => socket.heard.length > 0, `hello on ${name}`);
  return socket;
}

async function until(isTrue, what) {
  const deadline = performance.now() + 10_000;
  while (!(await isTrue())) {
    assert(performance.now() < deadline, `waited for ${what}`);
    await delay(20);
  }
}
