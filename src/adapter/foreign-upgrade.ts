import type { Duplex } from 'node:stream';
import type { Clock } from '../roomgate.clock.js';

/**
 * An upgrade request that is not ours, while others listen too. Node times nobody out after `upgrade`, so a request that no
 * listener wants would stay open for ever: whoever wants it has to have written something by the deadline.
 */
export function awaitClaim(
  socket: Duplex & { bytesWritten?: number },
  clock: Clock,
  deadlineMs: number,
): void {
  // Not zero when the connection was kept alive after an ordinary answer.
  const before = socket.bytesWritten;
  const cancel = clock.setTimer(() => {
    if (socket.bytesWritten === before && !socket.writableEnded) socket.destroy();
  }, deadlineMs);
  socket.once('close', cancel);
}
