/**
 * Why this exists: the article's function has to pass beside `npm start` with nothing else done, as in two terminals.
 * Debian's python3-pytest runs it, on a free port.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { ensure } from '../support/setup/prerequisites.js';
import { childEnvironment, killGroup, tail } from './command.js';
import { freePort } from './running-app.js';
import { assert, runSteps, step } from './steps.js';

const cwd = fileURLToPath(new URL('../..', import.meta.url));
const PYTEST = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', 'examples/article'];
let example;
let output = '';

process.exitCode = await runSteps(
  "the article's function beside npm start",
  [
    step('Python has websocket-client and pytest', 120, async () => {
      ensure('websocket', 'pytest');
    }),

    step('npm start prints the URL of a room', 240, async () => {
      example = spawn('npm', ['start'], {
        cwd,
        env: childEnvironment({ PORT: String(await freePort()) }),
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [example.stdout, example.stderr])
        stream.setEncoding('utf8').on('data', (text) => (output += text));
      for (const end = performance.now() + 230_000; !/ws:\/\/\S+\/[0-9a-f-]{36}/.test(output);) {
        assert(example.exitCode === null && performance.now() < end, tail(output));
        await delay(50);
      }
    }),

    step('pytest passes', 60, async (run) => {
      const { stdout } = await run('/usr/bin/python3', PYTEST, { cwd });
      assert(/^1 passed/m.test(stdout), stdout);
    }),

    step('pytest fails with another token', 60, async (run) => {
      const env = { ARTICLE_TOKEN: 'not.a.token' };
      const failure = await run('/usr/bin/python3', PYTEST, { cwd, env }).catch((error) => error);
      assert(/Handshake status 401/.test(failure.message), failure.message ?? 'it passed');
    }),

    step('npm start ends', 30, async () => {
      const ended = once(example, 'exit');
      process.kill(-example.pid, 'SIGTERM');
      await ended;
    }),
  ],
  () => example && killGroup(example),
);
