// Every child process that is alive, so that one call ends them all, whatever went wrong.

const END_LIMIT_MS = 2_000;

const alive = /** @type {Set<import('node:child_process').ChildProcess>} */ (new Set());

/** @param {import('node:child_process').ChildProcess} child */
export function watchChild(child) {
  alive.add(child);
  child.on('exit', () => alive.delete(child));
}

/**
 * Ends it and waits until it is gone, so that its memory and port are free again.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @param {number} [limitMs]  after which it is not asked any more
 */
export async function endChild(child, limitMs = END_LIMIT_MS) {
  if (!alive.has(child)) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  child.kill('SIGTERM');
  await gone;
  clearTimeout(timer);
}

export function killAllChildren() {
  for (const child of alive) child.kill('SIGKILL');
}
