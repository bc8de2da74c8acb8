import type {
  EngineKey,
  PresenceEntry,
  PresencePage,
  PresentMember,
} from '../../room/engine/engine.js';
import type { RedisArgument, RedisReply } from '../network/connection.js';
import type { Script } from '../scripts/script.js';
import { ENTER, EXIT, PRESENT, RENEW } from '../scripts/presence.js';
import type { RedisStore } from '../store.js';
import { decodePart, encodePart } from './wire.js';

/** Connections in one call: Redis does nothing else meanwhile. */
const AT_ONCE = 500;
const PARTS_OF_A_MEMBER = 4;
/** Behind the moment itself: clocks count in whole milliseconds. */
const BEHIND_MS = 2;
const NO_SWEEP = (): void => undefined;

/** Who is present in each room, on every node. */
export class RedisPresence {
  /** By room that this node has somebody in: cancels the sweep at which somebody's time runs out, if there is to be one. */
  readonly #sweeps = new Map<EngineKey, () => void>();
  /** The time to live that this node has asked for last: all rooms have the same. */
  #ttlMs = 0;
  #isStopped = false;

  constructor(private readonly store: RedisStore) {}

  enter(key: EngineKey, entry: PresenceEntry, ttlMs: number): Promise<void> {
    this.#remember(key, ttlMs);
    return this.#enter(key, entry, ttlMs);
  }

  async exit(key: EngineKey, connectionId: string): Promise<void> {
    await this.#eval(EXIT, key, [connectionId]);
  }

  /** Tells only who they are; all of it of those that Redis does not know, or not any more. */
  async renew(key: EngineKey, entries: readonly PresenceEntry[], ttlMs: number): Promise<void> {
    this.#remember(key, ttlMs);
    for (let from = 0; from < entries.length; from += AT_ONCE) {
      const some = entries.slice(from, from + AT_ONCE);
      const ids = some.map(({ connectionId }) => connectionId);
      const missing = await this.#renew(key, ids, ttlMs);
      const entering = some.filter(({ connectionId }) => missing.has(connectionId));
      await Promise.all(entering.map((entry) => this.#enter(key, entry, ttlMs)));
    }
  }

  async page(key: EngineKey, limit: number): Promise<PresencePage> {
    const most = Number.isFinite(limit) ? limit : -1;
    const args = [String(most), this.#mayExpire() ? '1' : '0'];
    const [total, ...parts] = (await this.#eval(PRESENT, key, args)) as [number, ...Buffer[]];
    const members: PresentMember[] = [];
    for (let at = 0; at < parts.length; at += PARTS_OF_A_MEMBER) {
      const [memberId = '', identity = '', info = '', meta = ''] = parts
        .slice(at, at + PARTS_OF_A_MEMBER)
        .map(String);
      members.push({ memberId, identity, info: decodePart(info), meta: decodePart(meta) });
    }
    return { members, total };
  }

  /** What becomes of the room is not told here any more, nor is what was asked before and is answered only now. */
  forget(key: EngineKey): void {
    this.#sweeps.get(key)?.();
    this.#sweeps.delete(key);
  }

  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#sweeps.values()) cancel();
  }

  #remember(key: EngineKey, ttlMs: number): void {
    this.#ttlMs = ttlMs;
    if (!this.#sweeps.has(key)) this.#sweeps.set(key, NO_SWEEP);
  }

  async #enter(key: EngineKey, entry: PresenceEntry, ttlMs: number): Promise<void> {
    const { connectionId, identity, memberId, info, meta } = entry;
    const said = [connectionId, identity, memberId, encodePart(info), encodePart(meta)];
    this.#expect(key, ttlMs, await this.#eval(ENTER, key, [String(ttlMs), ...said]));
  }

  /** Answers whom Redis does not know. */
  async #renew(key: EngineKey, ids: readonly string[], ttlMs: number): Promise<Set<string>> {
    const reply = await this.#eval(RENEW, key, [
      String(this.#mayExpire() ? ttlMs : -ttlMs),
      ...ids,
    ]);
    const [untilNext, ...unknown] = reply as [number, ...Buffer[]];
    this.#expect(key, ttlMs, untilNext);
    return new Set(unknown.map(String));
  }

  /** Redis tells of nobody by itself. Whose node lives has half of its time left: for the others somebody has to be there at its end. */
  #expect(key: EngineKey, ttlMs: number, untilNext: RedisReply): void {
    const cancel = this.#sweeps.get(key);
    if (!cancel || this.#isStopped) return;
    cancel();
    const next = Number(untilNext);
    const isDue = next >= 0 && next < ttlMs / 2;
    const delayMs = Math.max(next, this.#graceMs());
    // When Redis is gone the next renewal does it.
    const sweep = (): void => void this.#renew(key, [], ttlMs).catch(() => undefined);
    const { clock } = this.store;
    this.#sweeps.set(key, isDue ? clock.setTimer(sweep, delayMs + BEHIND_MS) : NO_SWEEP);
  }

  /**
   * How long nobody is taken for gone: for a time to live after Redis could not be reached or has refused to write. Whoever is
   * connected could not say so either, and does it as soon as it can.
   */
  #graceMs(): number {
    return Math.max(0, this.#ttlMs - this.store.steadyMs) || 0;
  }

  #mayExpire(): boolean {
    return this.#graceMs() === 0;
  }

  #eval(script: Script, key: EngineKey, args: readonly RedisArgument[]): Promise<RedisReply> {
    const { tag, channel, presence } = this.store.keys.of(key);
    return this.store.eval(script, tag, presence, [channel, this.store.network.publishes, ...args]);
  }
}
