import { Script } from '../script.js';
import { ROOM } from './room.js';

/**
 * ARGV: a fresh epoch, the publication's id, its head and body, the channel, PUBLISH or SPUBLISH, milliseconds that a subscribed
 * room is kept, and of its history the size, milliseconds and bytes, or nothing. Answers offset and epoch.
 *
 * Ids are remembered in two halves, of which the older one is forgotten whole: none has to keep its time.
 */
export const PUBLISH = new Script(`${ROOM}
local fresh, id, head, body, channel, verb, lease = unpack(ARGV, 1, 7)
local size, ttl, most = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])

local epoch, offset, since = find(fresh)
if not epoch then
  local isHeard = listeners(verb, channel) > 0
  if not size and not isHeard then return {1, fresh} end
  epoch, offset, since = begin(fresh)
  redis.call('PEXPIRE', KEYS[1], isHeard and math.max(lease, ttl or 0) or ttl)
end

local known = redis.call('HGET', KEYS[3], id) or redis.call('HGET', KEYS[4], id)
if known then return {tonumber(known), epoch} end

local time = now()
local age = time - since
local recent = redis.call('HLEN', KEYS[3])
local isTurned = age >= 60000 or age < 0 or recent >= 500
if isTurned then
  if age >= 120000 or recent == 0 then redis.call('DEL', KEYS[3], KEYS[4])
  else redis.call('RENAME', KEYS[3], KEYS[4]) end
  redis.call('HSET', KEYS[1], 'since', time)
end
offset = offset + 1
redis.call('HSET', KEYS[3], id, offset)
if isTurned then redis.call('PEXPIRE', KEYS[3], 120000) end
redis.call('HSET', KEYS[1], 'offset', offset)

local message = '1P' .. epoch .. ' ' .. text(offset) .. ' ' .. text(time) .. '\\n' .. head .. '\\n' .. body
if size then
  local cost = #body + 128
  redis.call('XADD', KEYS[2], text(offset) .. '-0', 'c', cost, 't', time, 'm', message)
  local count = redis.call('XLEN', KEYS[2])
  local bytes = cost
  if count == 1 then redis.call('HSET', KEYS[1], 'bytes', cost, 'ttl', ttl)
  else bytes = redis.call('HINCRBY', KEYS[1], 'bytes', cost) end
  local freed = 0
  while count > size or bytes - freed > most do
    local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
    redis.call('XDEL', KEYS[2], oldest[1])
    freed = freed + tonumber(oldest[2][2])
    count = count - 1
  end
  if freed > 0 then redis.call('HINCRBY', KEYS[1], 'bytes', -freed) end
  redis.call('PEXPIRE', KEYS[2], ttl)
  redis.call('PEXPIRE', KEYS[1], ttl, 'GT')
end
redis.call(verb, channel, message)
return {offset, epoch}
`);
