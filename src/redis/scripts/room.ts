import { NOW, WRITES } from './common.js';

/**
 * What the scripts of rooms begin with. KEYS: the room (a hash), its history (a stream), the ids of its latest publications
 * (a hash) and those before them (another one).
 *
 * A room's epoch belongs to one history of writes. Redis names that with its replication id, another one after each failover
 * and each restart: what one process accepted and another has not got cannot be seen otherwise.
 */
export const ROOM = `${NOW}${WRITES}
local function find(fresh, key)
  local room = redis.call('HMGET', key, 'epoch', 'offset', 'writes', 'since', 'mark')
  if not room[1] then return nil end
  local current = writes()
  if room[3] ~= current then
    redis.call('HSET', key, 'epoch', fresh, 'writes', current)
    room[1] = fresh
  end
  -- Older versions wrote no mark.
  return room[1], tonumber(room[2]), tonumber(room[4]), tonumber(room[5]) or 0
end

local function begin(fresh, key, history, ids, before)
  redis.call('DEL', history, ids, before)
  redis.call('HSET', key, 'epoch', fresh, 'offset', 0, 'writes', writes(), 'since', 0, 'mark', 0)
  return fresh, 0, 0, 0
end

local function listeners(verb, channel)
  return redis.call('PUBSUB', verb == 'SPUBLISH' and 'SHARDNUMSUB' or 'NUMSUB', channel)[2]
end

local function text(number)
  return string.format('%.0f', number)
end
`;
