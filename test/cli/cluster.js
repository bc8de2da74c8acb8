/**
 * Why this exists: `npm run cluster` is how somebody finds out whether several nodes are one. It is started
 * as a person would, loses a node, and has to leave nothing behind.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { childEnvironment, tail } from './command.js';
import { freePort } from './running-app.js';
import { assert, runSteps, step } from './steps.js';

const clients = [];
let cluster;
let output = '';

/** What the example has printed: addresses of the room, processes, tokens. */
let room, nodes, redis, alice, bob;

process.exitCode = await runSteps(
  'npm run cluster',
  [
    step('prints addresses and tokens', 240, async () => {
      cluster = spawn('npm', ['run', 'cluster'], {
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
        env: childEnvironment({ PORT: String(await freePort()) }),
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [cluster.stdout, cluster.stderr])
        stream.setEncoding('utf8').on('data', (text) => (output += text));
      let isOver = false;
      cluster.once('exit', () => (isOver = true));
      await until(
        () => isOver || /Stop with Ctrl-C/.test(output),
        230,
        () => tail(output),
      );
      const url = '(ws://[^ ]+/[0-9a-f-]{36})';
      [room] = matches(`^Room: +${url}$`);
      nodes = matches(`^Node \\d: +${url} \\(process (\\d+)\\)$`, true);
      redis = Number(matches('^Redis: .*\\(process (\\d+)\\)$')[0]);
      [alice] = matches('^Alice: +(.+)$');
      [bob] = matches('^Bob: +(.+)$');
      assert(room && alice && bob && redis && nodes.length === 3, tail(output));
    }),

    step('what is said on one node is heard on another', 30, async () => {
      const [one, other] = [await client(nodes[0].url, alice), await client(nodes[1].url, bob)];
      await heard(one, 'across', [one, other]);
    }),

    step('loses a node, and the balancer goes on with the others', 30, async () => {
      const [lost, left] = clients;
      const closed = once(lost, 'close');
      process.kill(nodes[0].pid, 'SIGKILL');
      await closed;
      // Its connections may be gone before the socket on which it listens.
      await until(
        () => output.includes('Node 1 has ended.'),
        10,
        () => tail(output),
      );
      // More than there are nodes: the dead one had its turn.
      const back = [];
      for (let count = 0; count < 4; count++) back.push(await client(room, alice));
      await heard(back[0], 'without it', [left, ...back]);
    }),

    step('ends, and leaves no process behind', 30, async () => {
      process.kill(-cluster.pid, 'SIGTERM');
      // The whole group, and Redis, which has one of its own.
      const processes = [-cluster.pid, redis];
      const left = () => processes.filter(isAlive);
      await until(
        () => left().length === 0,
        10,
        () => `still there: ${left().join(' ')}`,
      );
    }),
  ],
  () => {
    for (const socket of clients) socket.terminate();
    if (cluster && cluster.exitCode === null && cluster.signalCode === null)
      process.kill(-cluster.pid, 'SIGKILL');
  },
);

function matches(pattern, isAll = false) {
  const found = [...output.matchAll(new RegExp(pattern, 'gm'))];
  return isAll
    ? found.map(([, url, pid]) => ({ url, pid: Number(pid) }))
    : found.map(([, text]) => text);
}

/** Resolves when it was greeted. */
async function client(url, token) {
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
  clients.push(socket);
  const said = (socket.said = []);
  socket.on('error', (error) => said.push(error.message));
  socket.onmessage = ({ data }) => said.push(JSON.parse(data));
  await until(
    () => said.length > 0,
    10,
    () => `no word from ${url}`,
  );
  assert(said[0].event === 'hello', `${url} says ${JSON.stringify(said[0])}`);
  return socket;
}

async function heard(speaker, words, listeners) {
  speaker.send(JSON.stringify({ event: 'say', data: words }));
  const hasHeard = ({ said }) => said.some(({ data }) => data?.data === words);
  await until(
    () => listeners.every(hasHeard),
    10,
    () => `not heard by all: ${words}`,
  );
}

async function until(isTrue, seconds, why) {
  const deadline = performance.now() + seconds * 1000;
  while (!isTrue()) {
    assert(performance.now() < deadline, why());
    await delay(20);
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
