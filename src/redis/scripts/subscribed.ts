import { Script } from './script.js';
import { ROOM } from './room.js';

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
