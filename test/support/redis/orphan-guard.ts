import { spawn } from 'node:child_process';

/** A line says that all is settled; the end of the pipe without one, that the process at its other end is gone. */
const SCRIPT = 'read -r settled || { kill -KILL "$1"; sleep 0.1; rm -rf "$2"; } 2>/dev/null';

/**
 * Ends a process and removes its folder when this process ends without having done so, even by SIGKILL, of
 * which an exit handler would not hear (and in Jest not of a plain exit either). Call the result when the
 * process has ended.
 */
export function guardAgainstOrphan(pid: number, folder: string): () => void {
  // A group of its own: Ctrl-C is not for the guard.
  const guard = spawn('/bin/sh', ['-c', SCRIPT, 'orphan-guard', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  guard.stdin.on('error', () => undefined);
  return () => guard.stdin.end('settled\n');
}
