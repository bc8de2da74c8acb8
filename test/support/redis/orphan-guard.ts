import { type ChildProcess, spawn } from 'node:child_process';
import '../process-budget.js';

/** Each line names the process that lives now, or none; the end of the pipe says that its other end is gone. */
const SCRIPT = `
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then kill -KILL "$pid"; sleep 0.1; fi
rm -rf "$1"`;

/**
 * Ends a process and removes its folder when this process ends without having done so, even by SIGKILL, of
 * which an exit handler would not hear (and in Jest not of a plain exit either).
 */
export class OrphanGuard {
  readonly #guard: ChildProcess;

  constructor(folder: string) {
    // A group of its own: Ctrl-C is not for the guard.
    this.#guard = spawn('/bin/sh', ['-c', SCRIPT, 'orphan-guard', folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#guard.unref();
    this.#guard.stdin?.on('error', () => undefined);
  }

  /** Says which process would be an orphan; without one, that it has ended. */
  watch(pid?: number): void {
    this.#guard.stdin?.write(`${pid ?? ''}\n`);
  }

  /** There is nothing left to guard. */
  end(): void {
    this.#guard.stdin?.end();
  }
}
