import { randomBytes } from 'node:crypto';
import { RoomgateError } from '../core/errors.js';
import type { EngineKey } from '../room/engine/engine.js';

const NAMESPACE = /^[A-Za-z0-9][A-Za-z0-9:._-]{0,63}$/;

/** What follows a room's own key in those of its parts; behind the hash tag, so all of them lie together. */
export const ROOM_PARTS = { history: 'history', ids: 'ids', before: 'ids-before' };

/** Where a room is in Redis. */
export interface RoomPlace {
  /** What Redis Cluster distributes by. */
  readonly tag: string;
  /** Where its publications and news of presence are published; the room itself, a hash, has the same name. */
  readonly channel: string;
}

/** What a room is called in Redis. All of it stands behind one hash tag: a script sees one node of a cluster. */
export interface RoomKeys extends RoomPlace {
  /** The room, its history, the ids of its latest publications and those before them. */
  readonly room: readonly string[];
  /** Times, entries, members, order. */
  readonly presence: readonly string[];
}

/** What the revocations are called in Redis. */
export interface RevocationKeys {
  readonly tag: string;
  readonly channel: string;
  readonly entries: string;
  /** The entries, and their times. */
  readonly keys: readonly string[];
}

/** Every key and channel that is used in Redis. `{namespace|room}` cannot be confused: neither has a brace, a namespace no bar. */
export class RedisKeys {
  /** @throws RoomgateError `invalid_options` */
  constructor(readonly namespace: string) {
    if (typeof namespace !== 'string' || !NAMESPACE.test(namespace))
      throw new RoomgateError(
        'invalid_options',
        'Expected "namespace" to be 1 to 64 letters, digits and ":._-", another one for each application of a Redis.',
      );
  }

  placeOf(key: EngineKey): RoomPlace {
    const tag = `${this.namespace}|${key}`;
    return { tag, channel: `{${tag}}` };
  }

  of(key: EngineKey): RoomKeys {
    const place = this.placeOf(key);
    const { channel: base } = place;
    const { history, ids, before } = ROOM_PARTS;
    return {
      ...place,
      room: [base, base + history, base + ids, base + before],
      presence: [`${base}present`, `${base}entries`, `${base}members`, `${base}order`],
    };
  }

  /** What was revoked (a hash), when it is forgotten (a sorted set), and where news of it are published. */
  get revocations(): RevocationKeys {
    const tag = `${this.namespace}|revocations`;
    const base = `{${tag}}`;
    return { tag, channel: base, entries: base, keys: [base, `${base}until`] };
  }
}

/** Nobody else's names begin with it. */
const OWN = randomBytes(9).toString('base64url');
let named = 0;

/** A name for the next life of a room, should one begin: asked for with each call, where fresh random bytes cost more than the rest. */
export function newEpoch(): string {
  return `${OWN}-${(named++).toString(36)}`;
}
