import { randomBytes } from 'node:crypto';
import type { Position } from '../room/engine/publication.js';
import type { RedisReply } from './connection.js';

export function positionIn(reply: RedisReply): Position {
  const [offset, epoch] = reply as [number, Buffer];
  return { offset, epoch: String(epoch) };
}

/** A name for the next life of a room, should one begin. */
export function newEpoch(): string {
  return randomBytes(9).toString('base64url');
}
