// The jobs, in the order of the report.
import { broadcast } from './broadcast.js';
import { echo } from './echo.js';
import { handshake } from './handshake.js';
import { heartbeat } from './heartbeat.js';
import { idle } from './idle.js';
import { guard, live } from './micro.js';
import { redisIdleRoom } from './redis-idle-room.js';
import { redisKick } from './redis-kick.js';
import { redisPublish } from './redis-publish.js';
import { restart } from './restart.js';
import { revoke } from './revoke.js';
import { history, presence } from './rooms.js';
import { storm } from './storm.js';
import { teardown } from './teardown.js';

/** @type {import('./job.types.js').Job[]} */
export const JOBS = [
  handshake,
  echo,
  broadcast,
  idle,
  heartbeat,
  teardown,
  storm,
  restart,
  presence,
  history,
  guard,
  live,
  revoke,
  redisPublish,
  redisIdleRoom,
  redisKick,
];
