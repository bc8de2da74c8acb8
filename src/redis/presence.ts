import type { EngineKey } from '../room/engine/engine.js';
import type { PresenceEntry, PresencePage, PresentMember } from '../room/engine/presence-entry.js';
import type { RedisArgument, RedisReply } from './connection.js';
import type { Script } from './script.js';
import { ENTER, EXIT, PRESENT, RENEW } from './scripts/presence.js';
import type { RedisStore } from './store.js';
import { decodePart, encodePart } from './wire.js';

/** Connections in one call: Redis does nothing else meanwhile. */
const AT_ONCE = 500;
const PARTS_OF_A_MEMBER = 4;

/** Who is present in each room, on every node. */
export class RedisPresence {
  constructor(private readonly store: RedisStore) {}

  async enter(key: EngineKey, entry: PresenceEntry, ttlMs: number): Promise<void> {
    const { connectionId, identity, memberId, info, meta } = entry;
    const said = [connectionId, identity, memberId, encodePart(info), encodePart(meta)];
    await this.#eval(ENTER, key, [String(ttlMs), ...said]);
  }

  async exit(key: EngineKey, connectionId: string): Promise<void> {
    await this.#eval(EXIT, key, [connectionId]);
  }

  /** Tells only who they are; all of it of those that Redis does not know, or not any more. */
  async renew(key: EngineKey, entries: readonly PresenceEntry[], ttlMs: number): Promise<void> {
    for (let from = 0; from < entries.length; from += AT_ONCE) {
      const some = entries.slice(from, from + AT_ONCE);
      const ids = some.map(({ connectionId }) => connectionId);
      const unknown = await this.#eval(RENEW, key, [String(ttlMs), ...ids]);
      const missing = new Set((unknown as readonly Buffer[]).map(String));
      const entering = some.filter(({ connectionId }) => missing.has(connectionId));
      await Promise.all(entering.map((entry) => this.enter(key, entry, ttlMs)));
    }
  }

  async page(key: EngineKey, limit: number): Promise<PresencePage> {
    const most = Number.isFinite(limit) ? limit : -1;
    const [total, ...parts] = (await this.#eval(PRESENT, key, [String(most)])) as [
      number,
      ...Buffer[],
    ];
    const members: PresentMember[] = [];
    for (let at = 0; at < parts.length; at += PARTS_OF_A_MEMBER) {
      const [memberId = '', identity = '', info = '', meta = ''] = parts
        .slice(at, at + PARTS_OF_A_MEMBER)
        .map(String);
      members.push({ memberId, identity, info: decodePart(info), meta: decodePart(meta) });
    }
    return { members, total };
  }

  #eval(script: Script, key: EngineKey, args: readonly RedisArgument[]): Promise<RedisReply> {
    const { tag, channel, presence } = this.store.keys.of(key);
    return this.store.eval(script, tag, presence, [channel, this.store.network.publishes, ...args]);
  }
}
