// The bars: how fast roomgate has to be. A ratio is to the job's control within each repetition.

/**
 * @typedef {object} Bar
 * @property {string} job
 * @property {string} cell
 * @property {'ratio' | 'excess' | 'value'} of  to the control, above the control, or the figure itself
 * @property {number} atMost
 */

/** @type {Bar[]} */
export const BARS = [
  { job: 'handshake', cell: 'HS256 distinct', of: 'ratio', atMost: 0.9 },
  { job: 'handshake', cell: 'ES256 distinct', of: 'ratio', atMost: 1 },
  { job: 'handshake', cell: 'ES256 same', of: 'ratio', atMost: 0.75 },
  { job: 'handshake', cell: 'HS256 rejected', of: 'ratio', atMost: 0.9 },
  { job: 'handshake', cell: 'ES256 rejected', of: 'ratio', atMost: 0.9 },
  { job: 'handshake', cell: 'RS256 rejected', of: 'ratio', atMost: 0.9 },
  { job: 'echo', cell: '64 B, 16 in flight', of: 'ratio', atMost: 0.7 },
  { job: 'echo', cell: '64 B, 1 in flight', of: 'ratio', atMost: 1.4 },
  { job: 'broadcast', cell: '1000 members, 1 in flight', of: 'ratio', atMost: 1 },
  { job: 'broadcast', cell: '1000 members, 10 in flight', of: 'ratio', atMost: 0.22 },
  { job: 'idle', cell: 'RSS at 10000', of: 'ratio', atMost: 1.3 },
  { job: 'idle', cell: 'JS heap at 10000', of: 'excess', atMost: 2 },
  { job: 'heartbeat', cell: 'CPU of 10000 idle', of: 'value', atMost: 1 },
  { job: 'storm', cell: 'longest event-loop lag', of: 'value', atMost: 100 },
  { job: 'restart', cell: 'busiest second of the return', of: 'value', atMost: 3 },
  { job: 'history', cell: 'JS heap of 100 × 128 B', of: 'value', atMost: 40 },
  { job: 'guard', cell: 'ClaimsGuard.canActivate', of: 'value', atMost: 0.5 },
  { job: 'live', cell: 'connection.isLive', of: 'value', atMost: 0.1 },
  { job: 'revoke', cell: 'one subject of 10000', of: 'value', atMost: 10 },
  { job: 'revoke', cell: 'a token, 10000 looked at', of: 'value', atMost: 10 },
  { job: 'redis-publish', cell: 'ioredis, 1 node, no history', of: 'ratio', atMost: 1.3 },
  { job: 'redis-publish', cell: 'ioredis, 2 nodes, no history', of: 'ratio', atMost: 1.3 },
  { job: 'redis-publish', cell: 'ioredis, 3 nodes, no history', of: 'ratio', atMost: 1.3 },
  { job: 'redis-publish', cell: 'redis, 1 node, no history', of: 'ratio', atMost: 1.3 },
  { job: 'redis-publish', cell: 'redis, 2 nodes, no history', of: 'ratio', atMost: 1.3 },
  { job: 'redis-publish', cell: 'redis, 3 nodes, no history', of: 'ratio', atMost: 1.3 },
  {
    job: 'redis-idle-room',
    cell: 'CPU of a node while another one publishes',
    of: 'value',
    atMost: 1,
  },
  { job: 'redis-kick', cell: 'p99', of: 'value', atMost: 50 },
];
