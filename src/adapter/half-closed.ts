import type { Duplex } from 'node:stream';
import type { Clock } from '../roomgate.clock.js';

/**
 * A peer that has ended its side of the connection without a close frame. `ws` ends ours behind what is still to be read, but
 * sets no deadline: one that never reads it would stay for ever, and a close finds the WebSocket already closing and does
 * nothing.
 */
export function letGoUnread(socket: Duplex, clock: Clock, deadlineMs: number): void {
  if (socket.writableLength === 0) return;
  socket.once(
    'close',
    clock.setTimer(() => socket.destroy(), deadlineMs),
  );
}
