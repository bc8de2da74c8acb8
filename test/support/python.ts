import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import './process-budget.js';

const run = promisify(execFile);

/** Runs a script of test/support/python with the system's Python and resolves with what it printed. */
export async function runPython(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const file = fileURLToPath(new URL(`./python/${script}.py`, import.meta.url));
  const { stdout } = await run('/usr/bin/python3', [file, ...args], {
    env: { ...env, PYTHONDONTWRITEBYTECODE: '1', PYTHONIOENCODING: 'utf-8' },
    timeout: 20_000,
  });
  return stdout.trim();
}
