/**
 * Why this exists: everybody meets `npm start` first. It is recorded in terminals of 80 and of 100 columns as a person
 * would see it, the door's answers are checked, and the way from a clone to the second person's message is walked.
 *   node test/cli/first-minute.js           in this checkout, which has to be built
 *   node test/cli/first-minute.js --clone   in a fresh clone of HEAD, with `npm ci`
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { childEnvironment, killGroup, tail } from './command.js';
import { freePort } from './running-app.js';
import { assert, runSteps, step } from './steps.js';

const MAX_LINES = 24;
const MAX_COLUMNS = 100;
const MAX_COMMAND = 60;
const MAX_APP_LINES = 150;
const MARK = 'Live log';
const TOKEN = /eyJ[\w-]*/;

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const terminal = fileURLToPath(new URL('./terminal.py', import.meta.url));
const isClone = process.argv.includes('--clone');
const temporary = mkdtempSync(path.join(tmpdir(), 'first-minute-'));
const folder = isClone ? path.join(temporary, 'roomgate') : checkout;
const servers = [];
let installSeconds = 0;

/** What README shows of `npm start`. */
const [, shown] = /```text\n(roomgate [^]*?)```/.exec(
  readFileSync(path.join(checkout, 'README.md'), 'utf8'),
);

/** Output without what differs from run to run. */
const constant = (text) =>
  text
    .replace(/roomgate [\d.]+/, 'roomgate')
    .replace(/:\d+\//g, ':0/')
    .replace(/[\da-f-]{36}/g, '');

/** The three commands from a clone to a conversation; the first person is at the page that `npm start` names. */
const COMMANDS = ['npm ci', 'npm start', 'npm run chat -- --as bob'];

process.exitCode = await runSteps(
  'the first minute',
  [
    ...(isClone
      ? [
          step('git clone and `npm ci`, without a warning', 600, async (run) => {
            const started = performance.now();
            await run('git', ['clone', '--quiet', checkout, folder], {});
            const { output } = await run('npm', ['ci'], { cwd: folder });
            assert(!/warn/i.test(output), tail(output));
            installSeconds = (performance.now() - started) / 1000;
          }),
        ]
      : []),

    step('the chat app and its test have at most 150 lines together', 5, async () => {
      const app = path.join(folder, 'examples', 'chat');
      const files = ['src', 'test'].flatMap((name) =>
        readdirSync(path.join(app, name)).map((file) => path.join(app, name, file)),
      );
      const lines = files.map((file) => readFileSync(file, 'utf8').trimEnd().split('\n').length);
      const total = lines.reduce((sum, count) => sum + count, 0);
      assert(total <= MAX_APP_LINES, `${total} lines`);
    }),

    step('`npm start` says what is missing when nothing is built', 30, async () => {
      const built = path.join(folder, 'examples', 'dist');
      const aside = `${built}.aside`;
      renameSync(built, aside);
      try {
        const { code, output } = await failed('npm', ['-s', 'start']);
        assert(code === 1 && output.trim().split('\n').length === 1, tail(output));
        assert(/not built.*npm ci/.test(output), tail(output));
      } finally {
        renameSync(aside, built);
      }
    }),

    ...[
      [100, 24],
      [80, 24],
    ].map(([columns, rows]) =>
      step(`\`npm start\` in a terminal of ${columns} × ${rows}, and Ctrl-C`, 90, async (run) => {
        const env = { PORT: String(await freePort()) };
        const { stdout } = await run(
          'python3',
          [terminal, String(columns), String(rows), MARK, 'npm', 'start'],
          { cwd: folder, env },
        );
        const { text, times, isMarked, hasEnded } = JSON.parse(stdout);
        assert(isMarked, tail(text));
        assert(hasEnded, 'Ctrl-C did not end it');
        const lines = text.split('\n');
        assert(lines.length <= MAX_LINES, `${lines.length} lines before the live log\n${text}`);
        const long = lines.find((line) => line.length > Math.min(columns, MAX_COLUMNS));
        assert(long === undefined, `wraps at ${columns}: ${long}`);
        assert(!TOKEN.test(text), 'a token is on the screen');
        assert(text.includes(`ws://127.0.0.1:${env.PORT}/`), tail(text));
        assert(text.includes(`http://127.0.0.1:${env.PORT}/`), tail(text));
        assert(text.match(/^ {2}ok /gm)?.length === 5, tail(text));
        assert(constant(text).includes(constant(shown)), `README shows another output\n${text}`);
        const at = (words) => times[lines.findIndex((line) => line.includes(words))];
        console.log(
          `     first line ${at('roomgate ')} s, room ${at('ws://')} s, ${lines.length} lines`,
        );
      }),
    ),

    step('a probe that is answered otherwise is exit code 1, and is named', 60, async () => {
      // Rooms of others are then hidden: 404 in place of 403.
      const { code, output } = await failed('npm', ['-s', 'start'], {
        ROOMGATE_HIDE_ROOMS: 'true',
      });
      assert(code === 1, `exit code ${code}`);
      assert(/NO {2}.*another room.*404.*but 403 room_forbidden was expected/.test(output), output);
      assert(!TOKEN.test(output), 'a token is on the screen');
    }),

    step('strict mode does not start', 60, async () => {
      const { code, output } = await failed('npm', ['-s', 'start'], { NODE_ENV: 'production' });
      assert(code === 1 && /NODE_ENV=development/.test(output), tail(output));
    }),

    step('from the clone to the second message: three commands', 90, async () => {
      for (const command of COMMANDS) assert(command.length <= MAX_COMMAND, command);
      const started = performance.now();
      const server = await start();
      const { url, port, room, ip } = JSON.parse(
        readFileSync(path.join(folder, '.keys', 'room.json'), 'utf8'),
      );
      assert(url === `ws://${ip}:${port}/${room}` && port === server.port, url);
      for (const file of ['room.json', 'dev-es256.pem', 'password'])
        assert((statSync(path.join(folder, '.keys', file)).mode & 0o777) === 0o600, file);

      const page = await fetch(`http://127.0.0.1:${port}/page/open`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'alice' }),
      });
      let heard = '';
      const reading = (async () => {
        for await (const chunk of page.body) heard += Buffer.from(chunk).toString();
      })().catch(() => undefined);
      const chat = runShell(COMMANDS[2], 'hello\n/who\n');
      await until(
        () => /"from":"bob","data":"hello"/.test(heard),
        () => heard,
      );
      const seconds = (performance.now() - started) / 1000;
      const before = isClone
        ? `, and ${installSeconds.toFixed(0)} s from \`git clone\` to the end of \`npm ci\``
        : '';
      console.log(
        `     ${seconds.toFixed(1)} s from \`npm start\` to bob's message at the page${before}`,
      );
      assert(!/"log":"[^"]*refused/.test(heard), 'the probes are in the log of the page');
      const { code, output } = await chat;
      assert(code === 0, output);
      assert(/Here: .*alice/.test(output) && /bob: hello/.test(output), output);
      for (const text of [heard, output, server.output()])
        assert(!TOKEN.test(text), `a token is shown: ${TOKEN.exec(text)?.[0].slice(0, 4)}`);
      await server.stop();
      await reading;
    }),

    step('tokens and refusals, then a taken port and SIGTERM', 90, async () => {
      const server = await start();
      const token = await runShell('npm run -s token');
      assert(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/.test(token.output), 'not a token and nothing else');
      const url = `${server.url}?access_token=${token.output.trim()}`;
      const socket = new WebSocket(url);
      await new Promise((resolve) => socket.on('error', resolve));
      await until(
        () => /refused .*400 token_in_query /.test(server.output()),
        () => server.output(),
      );
      assert(!TOKEN.test(server.output()), 'the log shows a token');
      assert(!server.output().includes('access_token='), 'the log shows a query string');

      const second = await failed('npm', ['-s', 'start'], { PORT: String(server.port) });
      assert(second.code === 1, `exit code ${second.code}`);
      assert(/Port \d+ is taken\..*PORT=\d+ npm start/.test(second.output), second.output);
      await server.stop();
      const chat = await runShell('npm run -s chat', 'hello\n');
      assert(chat.code === 1 && /Start it with: npm start/.test(chat.output), chat.output);
    }),

    step('the terminal client: expiry, loss, recovery, revocation', 90, async () => {
      const server = await start();
      const bob = openShell('npm run -s chat -- --as bob');
      await until(() => /Here: bob/.test(bob.output()), bob.output);
      const alice = openShell('npm run -s chat');
      await until(() => /alice came in/.test(bob.output()), bob.output);
      bob.type('/drop');
      await until(() => /bob left|connection_lost/.test(server.output()), server.output);
      alice.type('while you were away');
      await until(() => /alice: while you were away/.test(bob.output()), bob.output);
      bob.type('/expire');
      await until(() => /expires in [34] s/.test(bob.output()), bob.output);
      await until(() => /you are muted/.test(bob.output()), bob.output);
      bob.type('/refresh');
      await until(() => /lives for 60 min\.\n[^]*lives for 60 min/.test(bob.output()), bob.output);
      bob.type('/revoke');
      const code = await bob.ended;
      assert(code === 0 && /4440[^]*401 token_revoked/.test(bob.output()), bob.output());
      alice.type('/quit');
      assert((await alice.ended) === 0, alice.output());
      await server.stop();
    }),
  ],
  () => {
    for (const child of servers) killGroup(child);
    rmSync(temporary, { recursive: true });
  },
);

/** `npm start` on a port of its own; resolves when its live log has begun. */
async function start() {
  const port = await freePort();
  const server = openShell('npm start', { PORT: String(port) });
  await until(() => server.output().includes(MARK), server.output);
  return {
    port,
    url: /ws:\/\/\S+/.exec(server.output())[0],
    output: server.output,
    stop: async () => {
      server.child.kill('SIGTERM');
      await Promise.race([server.ended, delay(15_000).then(() => assert(false, 'still running'))]);
      assert(!(await isListening(port)), 'the server outlives npm');
    },
  };
}

/** A command with an open standard input. Its output may not be split from its errors: a person sees both. */
function openShell(command, env = {}) {
  const [program, ...args] = command.split(' ');
  const child = spawn(program, args, {
    cwd: folder,
    env: childEnvironment(env),
    detached: true,
  });
  servers.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  const ended = once(child, 'close').then(([code]) => code);
  return {
    child,
    ended,
    output: () => output,
    type: (line) => child.stdin.write(`${line}\n`),
  };
}

/** Runs a command to its end. */
async function runShell(command, input = '', env = {}) {
  const shell = openShell(command, env);
  shell.child.stdin.end(input);
  const code = await shell.ended;
  return { code, output: shell.output() };
}

async function failed(command, args, env = {}) {
  const port = String(await freePort());
  return runShell([command, ...args].join(' '), '', { PORT: port, ...env });
}

async function isListening(port) {
  return fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  );
}

async function until(isTrue, output, seconds = 30) {
  const deadline = performance.now() + seconds * 1000;
  while (!isTrue()) {
    assert(performance.now() < deadline, tail(output()));
    await delay(20);
  }
}
