import type { Position } from '../../room/engine/engine.js';
import type { RedisReply } from '../network/connection.js';

export function positionIn(reply: RedisReply): Position {
  const [offset, epoch] = reply as [number, Buffer];
  return { offset, epoch: String(epoch) };
}
