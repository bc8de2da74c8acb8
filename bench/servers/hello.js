// The first message of every peer: what roomgate's hello says, so that all of them send as much.
import { randomUUID } from 'node:crypto';

const LIMITS = { messageBytes: 65536, messagesPer10s: 100 };

/**
 * @param {string} room
 * @param {{ sub: string, exp: number }} claims
 */
export function helloData(room, claims) {
  const now = Date.now();
  return {
    connectionId: randomUUID(),
    room,
    sub: claims.sub,
    ttlMs: claims.exp * 1000 - now,
    serverTime: now,
    limits: LIMITS,
  };
}
