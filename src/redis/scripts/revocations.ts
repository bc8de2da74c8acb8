import { NOW, Script, WRITES } from './script.js';

/**
 * What the scripts of revocations begin with. KEYS: the entries (a hash, which has the epoch and the version as well, so that
 * none of it is lost without the other) and when each is forgotten (a sorted set).
 *
 * The epoch belongs to one history of writes, which Redis names with its replication id: another one after each failover and
 * each restart. The version counts what was changed. Of two entries for one field the one of the greater rank is in force, of
 * equal ones the one that is kept longer: whoever merges, in whatever order, ends with the same.
 */
const REVOCATIONS = `${NOW}${WRITES}
local function text(number)
  return string.format('%.17g', number)
end

local function head(fresh)
  local current = writes()
  local state = redis.call('HMGET', KEYS[1], 'epoch', 'version', 'writes')
  if state[3] == current then return state[1], state[2] end
  redis.call('HSET', KEYS[1], 'epoch', fresh, 'version', state[2] or 0, 'writes', current)
  return fresh, state[2] or 0
end

local function kept(field)
  local entry = redis.call('HGET', KEYS[1], field)
  if not entry then return nil end
  local rank, expiry = string.match(entry, '^1(%S+) (%S+)\\n')
  if not rank then error('an entry of an unknown version') end
  return entry, tonumber(rank), tonumber(expiry)
end

local function put(epoch, channel, verb, field, rank, expiry, revocation)
  local entry, keptRank, keptExpiry = kept(field)
  if entry and (keptRank > rank or (keptRank == rank and keptExpiry >= expiry)) then return entry end
  entry = '1' .. text(rank) .. ' ' .. text(expiry) .. '\\n' .. revocation
  redis.call('HSET', KEYS[1], field, entry)
  redis.call('ZADD', KEYS[2], text(expiry), field)
  local version = redis.call('HINCRBY', KEYS[1], 'version', 1)
  redis.call(verb, channel, '1' .. epoch .. ' ' .. text(version) .. '\\n' .. entry)
  return entry
end

local function sweep(time)
  local over = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', text(time), 'LIMIT', 0, 100)
  if #over == 0 then return end
  redis.call('HDEL', KEYS[1], unpack(over))
  redis.call('ZREM', KEYS[2], unpack(over))
end
`;

/** ARGV: a fresh epoch. Answers epoch, version and the time. */
export const CHECK = new Script(`${REVOCATIONS}
local time = now()
sweep(time)
local epoch, version = head(ARGV[1])
return {epoch, tonumber(version), time}
`);

/**
 * ARGV: a fresh epoch, the channel, PUBLISH or SPUBLISH, the field, its rank, the time it counts from at least, milliseconds that
 * it is kept from then on, the revocation, and of a block 1, of its end 0, otherwise nothing. Answers the entry in force.
 *
 * What blocks and what ends it are ranked as they come: by time, and above what is there. Blocks have odd ranks and their
 * ends even ones, so that no two are equal.
 */
export const ADD = new Script(`${REVOCATIONS}
local fresh, channel, verb, field, rank, from, life, revocation, parity = unpack(ARGV)
local time = now()
sweep(time)
rank, parity = tonumber(rank), tonumber(parity)
if parity then
  local _, keptRank = kept(field)
  rank = math.max(rank, 2 * time, (keptRank or 0) + 1)
  if rank % 2 ~= parity then rank = rank + 1 end
end
local expiry = math.max(time, tonumber(from)) + tonumber(life)
return put((head(fresh)), channel, verb, field, rank, expiry, revocation)
`);

/** ARGV: a fresh epoch, the channel, PUBLISH or SPUBLISH, and of each entry its field, rank, expiry and revocation. */
export const MERGE = new Script(`${REVOCATIONS}
local fresh, channel, verb = unpack(ARGV, 1, 3)
local epoch = head(fresh)
for at = 4, #ARGV, 4 do
  local field, rank, expiry, revocation = unpack(ARGV, at, at + 3)
  put(epoch, channel, verb, field, tonumber(rank), tonumber(expiry), revocation)
end
return 0
`);
