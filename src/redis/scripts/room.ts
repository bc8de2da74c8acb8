import { NOW, Script, WRITES } from './script.js';

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

/**
 * ARGV: a fresh epoch, publications and bytes at most, and the offset to go on behind, or nothing for the newest ones. Answers
 * offset, epoch, and the messages as they were published, in order; what is too old is dropped first.
 */
export const READ = new Script(`${ROOM}
local CHUNK = 50
local fresh, limit, most, after = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local epoch, offset = find(fresh, KEYS[1])
if not epoch then return {0, fresh} end

local ttl = tonumber(redis.call('HGET', KEYS[1], 'ttl'))
local time = now()
local hasExpired = ttl ~= nil
while hasExpired do
  local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', CHUNK)
  local freed, count, last = 0, 0, nil
  for _, entry in ipairs(oldest) do
    if time - tonumber(entry[2][4]) < ttl then break end
    freed, count, last = freed + tonumber(entry[2][2]), count + 1, entry[1]
  end
  if last then
    redis.call('XTRIM', KEYS[2], 'MINID', (string.gsub(last, '-0', '-1')))
    redis.call('HINCRBY', KEYS[1], 'bytes', -freed)
  end
  hasExpired = count == CHUNK
end

local isNewest = after == ''
local place = isNewest and '+' or '(' .. after .. '-0'
local page, bytes, isFull = {}, 0, false
while not isFull and #page < limit do
  local chunk = math.min(CHUNK, limit - #page)
  local entries = isNewest and redis.call('XREVRANGE', KEYS[2], place, '-', 'COUNT', chunk)
    or redis.call('XRANGE', KEYS[2], place, '+', 'COUNT', chunk)
  for _, entry in ipairs(entries) do
    bytes = bytes + tonumber(entry[2][2])
    isFull = #page > 0 and bytes > most
    if isFull then break end
    page[#page + 1] = entry[2][6]
    place = '(' .. entry[1]
  end
  isFull = isFull or #entries < chunk
end

local reply = {offset, epoch}
local from, to, step = 1, #page, 1
if isNewest then from, to, step = #page, 1, -1 end
for index = from, to, step do reply[#reply + 1] = page[index] end
return reply
`);

/**
 * Somebody is subscribed, or still is: the room stays. ARGV: a fresh epoch, milliseconds to keep it, and milliseconds that its
 * publications are kept, or nothing. Answers offset and epoch.
 */
export const SUBSCRIBED = new Script(`${ROOM}
local fresh, lease, ttl = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local epoch, offset = find(fresh, KEYS[1])
if epoch then
  redis.call('PEXPIRE', KEYS[1], math.max(lease, ttl or 0), 'GT')
else
  epoch, offset = begin(fresh, unpack(KEYS))
  redis.call('PEXPIRE', KEYS[1], math.max(lease, ttl or 0))
end
if ttl then redis.call('HSET', KEYS[1], 'ttl', ttl) end
return {offset, epoch}
`);

/** Somebody is not subscribed any more. ARGV: the channel, PUBLISH or SPUBLISH, milliseconds that its publications are kept, or nothing. */
export const UNSUBSCRIBED = new Script(`${ROOM}
local channel, verb, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3])
if listeners(verb, channel) > 0 then return 0 end
if ttl then return redis.call('PEXPIRE', KEYS[1], ttl) end
return redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
`);

/** An order about the room, for those that listen to it now. KEYS: the room. ARGV: PUBLISH or SPUBLISH, the order. */
export const TELL = new Script(`
return redis.call(ARGV[1], KEYS[1], '1O\\n' .. ARGV[2])
`);
