import { ROOM_PARTS } from '../keys.js';
import { Script } from './script.js';
import { ROOM } from './room.js';

/**
 * KEYS: the room of each publication. Its other keys are made of it here: to send them costs a node a third of a publication.
 * ARGV: a fresh name, PUBLISH or SPUBLISH, milliseconds that a subscribed room is kept, and for each publication its id, its head
 * (nothing when it is the id) and body, and of its history the size, milliseconds and bytes, or nothing. Answers the epochs, in
 * one line, and the offsets; when one of them fails, those before it, and why.
 *
 * Ids are remembered in two halves, of which the older one is forgotten whole: none has to keep its time. The younger one has those
 * behind the mark.
 */
export const PUBLISH = new Script(`${ROOM}
local verb, lease = ARGV[2], tonumber(ARGV[3])
local time = now()
local at = text(time)
-- What is remembered of the one that is being published: a retry of one that fails half way is not a repetition.
local doingIds, doingId, doingRoom, doingPlace, doingCost

local function publish(fresh, id, head, body, limits, room)
  local history, ids = room .. '${ROOM_PARTS.history}', room .. '${ROOM_PARTS.ids}'
  local before = room .. '${ROOM_PARTS.before}'
  local size, ttl, most
  if limits ~= '' then
    size, ttl, most = string.match(limits, '^(%d+) (%d+) (%d+)$')
    size, ttl, most = tonumber(size), tonumber(ttl), tonumber(most)
  end

  local epoch, offset, since, mark = find(fresh, room)
  if not epoch then
    local isHeard = listeners(verb, room) > 0
    if not size and not isHeard then return 1, fresh end
    epoch, offset, since, mark = begin(fresh, room, history, ids, before)
    redis.call('PEXPIRE', room, isHeard and math.max(lease, ttl or 0) or ttl)
  end

  local age = time - since
  if age >= 60000 or age < 0 or offset - mark >= 500 then
    if age < 120000 and redis.call('HLEN', ids) > 0 then redis.call('RENAME', ids, before)
    else redis.call('DEL', ids, before) end
    mark = offset
    redis.call('HSET', room, 'since', time, 'mark', mark)
  end
  local known = redis.call('HGET', before, id)
  if known then return tonumber(known), epoch end
  if redis.call('HSETNX', ids, id, offset + 1) == 0 then
    return tonumber(redis.call('HGET', ids, id)), epoch
  end
  doingIds, doingId = ids, id
  if offset == mark then redis.call('PEXPIRE', ids, 120000) end
  offset = offset + 1
  redis.call('HSET', room, 'offset', offset)

  local place = text(offset)
  if head == '' then head = id end
  local message = '1P' .. epoch .. ' ' .. place .. ' ' .. at .. '\\n' .. head .. '\\n' .. body
  if size then
    local cost = #body + 128
    redis.call('XADD', history, place .. '-0', 'c', cost, 't', time, 'm', message)
    doingRoom, doingPlace, doingCost = room, place .. '-0', cost
    local count = redis.call('XLEN', history)
    local bytes = cost
    if count == 1 then redis.call('HSET', room, 'bytes', cost, 'ttl', ttl)
    else bytes = redis.call('HINCRBY', room, 'bytes', cost) end
    local freed = 0
    while count > size or bytes - freed > most do
      local oldest = redis.call('XRANGE', history, '-', '+', 'COUNT', 1)[1]
      redis.call('XDEL', history, oldest[1])
      freed = freed + tonumber(oldest[2][2])
      count = count - 1
    end
    if freed > 0 then redis.call('HINCRBY', room, 'bytes', -freed) end
    redis.call('PEXPIRE', history, ttl)
    redis.call('PEXPIRE', room, ttl, 'GT')
  end
  redis.call(verb, room, message)
  return offset, epoch
end

local epochs, offsets = {}, {}
local isDone, failure = pcall(function()
  for index = 1, #KEYS do
    local id, head, body, limits = unpack(ARGV, 4 * index, 4 * index + 3)
    local fresh = ARGV[1] .. '-' .. index
    local offset, epoch = publish(fresh, id, head, body, limits, KEYS[index])
    doingIds, doingRoom = nil, nil
    epochs[index], offsets[index] = epoch, offset
  end
end)
if isDone then return {table.concat(epochs, ' '), offsets} end
if doingIds then redis.pcall('HDEL', doingIds, doingId) end
if doingRoom and redis.pcall('XDEL', doingRoom .. '${ROOM_PARTS.history}', doingPlace) == 1 then
  redis.pcall('HINCRBY', doingRoom, 'bytes', -doingCost)
end
return {table.concat(epochs, ' '), offsets, type(failure) == 'table' and failure.err or tostring(failure)}
`);
