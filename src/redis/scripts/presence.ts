import { NOW, Script } from './script.js';

/** What only moves times and takes out works also when the memory of Redis is full: nobody is gone because of that. */
const ALSO_WITHOUT_MEMORY = '#!lua flags=allow-oom\n';

/**
 * What the scripts of presence begin with. KEYS: until when each connection is there (a sorted set), what is said of it (a hash:
 * identity, info and meta, a line each), the members (a hash from identities to their name and connections, a line each) and
 * the order in which they came (a sorted set). ARGV begins with the channel and PUBLISH or SPUBLISH.
 */
const PRESENCE = `${NOW}
local channel, verb = ARGV[1], ARGV[2]

local function tell(kind, name, info)
  redis.call(verb, channel, '1' .. kind .. name .. '\\n' .. info)
end

local function lines(text)
  local parts = {}
  for part in string.gmatch(text .. '\\n', '([^\\n]*)\\n') do parts[#parts + 1] = part end
  return parts
end

local function memberOf(identity)
  local member = redis.call('HGET', KEYS[3], identity)
  return member and lines(member)
end

local function exit(connection)
  redis.call('ZREM', KEYS[1], connection)
  local entry = redis.call('HGET', KEYS[2], connection)
  if not entry then return end
  local identity = lines(entry)[1]
  redis.call('HDEL', KEYS[2], connection)
  local member = memberOf(identity)
  local rest = {}
  for index, part in ipairs(member) do
    if index == 1 or part ~= connection then rest[#rest + 1] = part end
  end
  if #rest > 1 then
    redis.call('HSET', KEYS[3], identity, table.concat(rest, '\\n'))
  else
    redis.call('HDEL', KEYS[3], identity)
    redis.call('ZREM', KEYS[4], identity)
    tell('-', member[1], '')
  end
end

-- Redis does nothing else meanwhile: who else has run out is taken out by the next calls.
local function expire(time)
  for _, connection in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', time, 'LIMIT', 0, 250)) do exit(connection) end
end

-- An hour at least: while writes are refused nobody can ask for more.
local function keep(ttl)
  local most = math.max(2 * ttl, 3600000)
  for _, key in ipairs(KEYS) do
    if redis.call('PTTL', key) < most / 2 then redis.call('PEXPIRE', key, most) end
  end
end

-- Milliseconds until the next one has to be taken for gone, 0 when that is due, or -1 when nobody is there.
local function untilNext(time)
  local next = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
  return next and math.max(0, next - time) or -1
end

-- Redis may have dropped a part: the rest says nothing, and nodes say again who is there.
local times, entries = redis.call('ZCARD', KEYS[1]), redis.call('HLEN', KEYS[2])
local members, order = redis.call('HLEN', KEYS[3]), redis.call('ZCARD', KEYS[4])
if times ~= entries or members ~= order or (times == 0) ~= (members == 0) then redis.call('DEL', unpack(KEYS)) end
`;

/** ARGV: …, milliseconds, connection, identity, name, info, meta. Answers in how many milliseconds somebody's time runs out, or -1. */
export const ENTER = new Script(`${PRESENCE}
local ttl, connection, identity, name, info, meta = unpack(ARGV, 3, 8)
ttl = tonumber(ttl)
local entry = redis.call('HGET', KEYS[2], connection)
if entry and lines(entry)[1] ~= identity then
  exit(connection)
  entry = nil
end
redis.call('HSET', KEYS[2], connection, identity .. '\\n' .. info .. '\\n' .. meta)
redis.call('ZADD', KEYS[1], now() + ttl, connection)
local member = redis.call('HGET', KEYS[3], identity)
if not member then
  local last = redis.call('ZREVRANGE', KEYS[4], 0, 0, 'WITHSCORES')[2] or 0
  redis.call('HSET', KEYS[3], identity, name .. '\\n' .. connection)
  redis.call('ZADD', KEYS[4], last + 1, identity)
  tell('+', name, info)
elseif not entry then
  redis.call('HSET', KEYS[3], identity, member .. '\\n' .. connection)
end
keep(ttl)
return untilNext(now())
`);

/** ARGV: …, connection. */
export const EXIT = new Script(`${ALSO_WITHOUT_MEMORY}${PRESENCE}
exit(ARGV[3])
return 0
`);

/** ARGV: …, milliseconds, negative to take out nobody who has run out, connections. Answers the same, then those it does not know. */
export const RENEW = new Script(`${ALSO_WITHOUT_MEMORY}${PRESENCE}
local ttl, time, reply = math.abs(ARGV[3]), now(), {0}
for index = 4, #ARGV do
  if redis.call('ZSCORE', KEYS[1], ARGV[index]) then redis.call('ZADD', KEYS[1], time + ttl, ARGV[index])
  else reply[#reply + 1] = ARGV[index] end
end
if tonumber(ARGV[3]) > 0 then expire(time) end
keep(ttl)
reply[1] = untilNext(time)
return reply
`);

/** ARGV: …, members at most, or -1, and 1 to take out who has run out. Answers how many there are, and of each name, identity, info and meta. */
export const PRESENT = new Script(`${ALSO_WITHOUT_MEMORY}${PRESENCE}
local limit = tonumber(ARGV[3])
if ARGV[4] == '1' then expire(now()) end
local reply = {redis.call('ZCARD', KEYS[4])}
if limit == 0 then return reply end
for _, identity in ipairs(redis.call('ZRANGE', KEYS[4], 0, limit < 0 and -1 or limit - 1)) do
  local member = memberOf(identity)
  local entry = lines(redis.call('HGET', KEYS[2], member[2]))
  for _, part in ipairs({member[1], identity, entry[2], entry[3]}) do reply[#reply + 1] = part end
end
return reply
`);

/** A write that changes nothing, and is refused whenever writes are. */
export const PROBE = new Script(`
return redis.call('ZADD', KEYS[1], 'XX', 0, '')
`);
