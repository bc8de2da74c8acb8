import { spawn } from 'node:child_process';

const TAIL_LINES = 60;

/**
 * Runs a command to its end and resolves with what it printed; rejects with the end of its output
 * when it fails or `signal` stops it. It gets a process group of its own, so that stopping it stops
 * what it started (npm starts shells, which start node).
 */
export function runCommand(command, args, { cwd, env, signal }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: childEnvironment(env),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text));

    const stop = () => {
      killGroup(child);
      // Whatever left the group may still hold the pipes, and nobody waits for that.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();

    child.on('error', reject);
    child.on('close', (code) => {
      signal.removeEventListener('abort', stop);
      if (code === 0) return resolve({ stdout, output });
      const end = signal.aborted ? `stopped, ${signal.reason.message}` : `exit code ${code}`;
      reject(new Error(`${command} ${args.join(' ')}: ${end}\n${tail(output)}`));
    });
  });
}

/** Kills a child and all it started; nothing happens when they are gone already. */
export function killGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group has ended.
  }
}

/**
 * The environment of a plain shell: nothing of the `npm run` this test was started by (npm settings,
 * the registry among them, stay), no mode and no roomgate setting of the developer's.
 */
export function childEnvironment(extra = {}) {
  const inherited = Object.entries(process.env).filter(
    ([name]) =>
      !/^(NODE_ENV|NODE_OPTIONS|FORCE_COLOR|INIT_CWD|ROOMGATE_.*)$/.test(name) &&
      !/^npm_(?!config_)/.test(name) &&
      name !== 'npm_config_local_prefix',
  );
  return { ...Object.fromEntries(inherited), NO_COLOR: '1', ...extra };
}

export function tail(output) {
  return output.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
}
