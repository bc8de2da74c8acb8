import { fileURLToPath } from 'node:url';

// Debian's python3-websocket belongs to Debian's Python, which need not be the first on the PATH.
const PYTHONS = [process.env.TEST_PYTHON, 'python3', '/usr/bin/python3'].filter(Boolean);

/** The first Python that has websocket-client. */
export async function findPython(run) {
  for (const python of PYTHONS) {
    try {
      await run(python, ['-c', 'from websocket import create_connection'], {});
      return python;
    } catch {
      // The next one may have it.
    }
  }
  throw new Error(
    `no websocket-client for ${PYTHONS.join(', ')}: apt install python3-websocket, ` +
      'or name a Python that has it in TEST_PYTHON',
  );
}

/** Runs one of the .py scripts beside this file; a token travels in its environment. */
export async function runPython(run, python, script, args, token) {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const { stdout } = await run(python, [file, ...args], { env: { ROOMGATE_TOKEN: token } });
  return JSON.parse(stdout);
}
