import type { RedisReply } from '../network/connection.js';
import { newEpoch, type RevocationKeys } from '../keys.js';
import { type RedisLink, unavailable } from '../network/link.js';
import {
  decodeEntry,
  encodeNumber,
  fieldOf,
  parityOf,
  type RevocationEntry,
} from './revocation-entries.js';
import type { Script } from '../scripts/script.js';
import { ADD, CHECK, MERGE } from '../scripts/revocations.js';
import type { RedisStore } from '../store.js';

/** Entries in one call: Redis does nothing else meanwhile. */
export const AT_ONCE = 100;

/** Which change was the last one. */
export interface Place {
  readonly epoch: string;
  readonly version: number;
}

/** The revocations that Redis keeps, for all nodes. Everything may fail with RoomgateError `engine_unavailable`. */
export class RevocationSet {
  readonly names: RevocationKeys;

  constructor(private readonly store: RedisStore) {
    this.names = store.keys.revocations;
  }

  /** Who has it; undefined while that cannot be reached. */
  get link(): RedisLink | undefined {
    const link = this.store.network.linkOf(this.names.tag);
    return link?.isUp ? link : undefined;
  }

  /** How far it has got, and how late it is there. */
  async check(): Promise<Place & { readonly time: number }> {
    const [epoch, version, time] = (await this.#eval(CHECK, [])) as [Buffer, number, number];
    return { epoch: String(epoch), version, time };
  }

  /** Answers what is in force afterwards. `from`: what the milliseconds that it is kept count from, unless that is over. */
  async add(entry: RevocationEntry, from: number, lifeMs: number): Promise<RevocationEntry> {
    const { revocation, rank } = entry;
    const kept = await this.#eval(ADD, [
      ...this.#news(),
      fieldOf(revocation),
      encodeNumber(rank),
      String(from),
      encodeNumber(lifeMs),
      JSON.stringify(revocation),
      String(parityOf(revocation) ?? ''),
    ]);
    const inForce = decodeEntry(kept as Buffer);
    if (!inForce) throw unavailable();
    return inForce;
  }

  /** Adds what it has not; whoever listens hears of it. */
  async merge(entries: readonly RevocationEntry[]): Promise<void> {
    const told = entries.flatMap(({ revocation, rank, until }) => [
      fieldOf(revocation),
      encodeNumber(rank),
      encodeNumber(until),
      JSON.stringify(revocation),
    ]);
    await this.#eval(MERGE, [...this.#news(), ...told]);
  }

  /** Undefined for what there is not, or what cannot be read. */
  async get(field: string, link: RedisLink): Promise<RevocationEntry | undefined> {
    const reply = await link.call('HGET', [this.names.entries, field]);
    return entryIn(field, reply);
  }

  /** All that were there from the beginning to the end of it, in chunks; undefined for each that cannot be read. */
  async *entries(link: RedisLink): AsyncGenerator<RevocationEntry | undefined> {
    let cursor = '0';
    do {
      const args = [this.names.entries, cursor, 'COUNT', String(AT_ONCE)];
      const [next, parts] = (await link.call('HSCAN', args)) as [Buffer, Buffer[]];
      for (let at = 0; at < parts.length; at += 2) {
        const field = String(parts[at]);
        // Without a space it is the set's own.
        if (field.includes(' ')) yield entryIn(field, parts[at + 1] as Buffer);
      }
      cursor = String(next);
    } while (cursor !== '0');
  }

  #news(): string[] {
    return [this.names.channel, this.store.network.publishes];
  }

  #eval(script: Script, args: readonly string[]): Promise<RedisReply> {
    return this.store.eval(script, this.names.tag, this.names.keys, [newEpoch(), ...args]);
  }
}

function entryIn(field: string, reply: RedisReply): RevocationEntry | undefined {
  const entry = reply instanceof Buffer ? decodeEntry(reply) : undefined;
  return entry && fieldOf(entry.revocation) === field ? entry : undefined;
}
