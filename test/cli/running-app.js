import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { childEnvironment, killGroup, tail } from './command.js';

const HOST = '127.0.0.1';

/** Starts the built app as its user would, and resolves when it answers HTTP. */
export async function startApp(app, environment, seconds) {
  const address = `${HOST}:${await freePort()}`;
  // No NODE_ENV: this is roomgate's strict mode, which wants to know its hosts.
  const env = { ...environment, PORT: address.split(':')[1], ROOMGATE_ALLOWED_HOSTS: address };
  const child = spawn('npm', ['run', 'start:prod'], {
    cwd: app,
    env: childEnvironment(env),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  const stop = async () => {
    killGroup(child);
    await exited;
  };

  const deadline = performance.now() + seconds * 1000;
  while (!(await answers(`http://${address}/`))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`the app did not start\n${tail(output)}`);
    }
    await delay(100);
  }
  return { url: (path) => `ws://${address}${path}`, output: () => tail(output), stop };
}

/**
 * What is started says nowhere which port it got, so the test picks one, long before it is listened on:
 * below the ports that the kernel gives to clients, any of which could take it meanwhile.
 */
export async function freePort() {
  for (;;) {
    const probe = createServer().listen(randomInt(11_000, 22_000), HOST);
    const port = await once(probe, 'listening').then(
      () => probe.address().port,
      () => undefined,
    );
    if (!port) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}

async function answers(url) {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}
