import { createHash } from 'node:crypto';

/** A piece of Lua that Redis runs as one step: nobody sees half of what it does. Loaded by each connection when it is opened. */
export class Script {
  readonly sha: string;

  constructor(readonly text: string) {
    this.sha = createHash('sha1').update(text).digest('hex');
  }
}

/** The time of Redis, in milliseconds since the epoch. */
export const NOW = `
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;

/** Whose history of writes this is: Redis names it by its replication id, another one after each failover and each restart. */
export const WRITES = `
local replication
local function writes()
  if not replication then
    local info = redis.call('INFO', 'replication')
    local _, before = string.find(info, 'master_replid:', 1, true)
    replication = string.sub(info, before + 1, before + 40)
  end
  return replication
end
`;
