import { randomUUID } from 'node:crypto';

/**
 * A random UUID (RFC 9562) in one piece. The text that `randomUUID` answers is a tree of twenty, and would be kept, and moved by
 * the garbage collector, as such for as long as the connection lives.
 */
export function newConnectionId(): string {
  return Buffer.from(randomUUID(), 'latin1').toString('latin1');
}
