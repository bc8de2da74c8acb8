import { Script } from './script.js';
import { ROOM } from './room.js';

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
