import type { PresenceChange, PresenceEntry, PresencePage, PresentMember } from '../engine.js';

interface Present extends PresenceEntry {
  readonly until: number;
}

/** Who is present in one room: members in the order in which they came, each with its connections and their times. */
export class KeptPresence {
  readonly #members = new Map<string, Map<string, Present>>();
  /** Whose the connections are. */
  readonly #identities = new Map<string, string>();
  /** Nobody's time runs out before it: until then all are there, and nobody has to count them. */
  #complete = Infinity;

  constructor(private readonly tell: (change: PresenceChange) => void) {}

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  enter(entry: PresenceEntry, until: number): void {
    const { connectionId, identity, info } = entry;
    if ((this.#identities.get(connectionId) ?? identity) !== identity) this.exit(connectionId);
    const own = this.#members.get(identity) ?? new Map<string, Present>();
    const memberId = first(own)?.memberId ?? entry.memberId;
    own.set(connectionId, { ...entry, memberId, until });
    this.#complete = Math.min(this.#complete, until);
    this.#identities.set(connectionId, identity);
    if (this.#members.has(identity)) return;
    this.#members.set(identity, own);
    this.tell({ kind: 'joined', memberId, info });
  }

  exit(connectionId: string): void {
    const identity = this.#identities.get(connectionId);
    const own = identity === undefined ? undefined : this.#members.get(identity);
    if (identity === undefined || !own) return;
    const memberId = first(own)?.memberId ?? '';
    this.#identities.delete(connectionId);
    own.delete(connectionId);
    if (own.size > 0) return;
    this.#members.delete(identity);
    this.tell({ kind: 'left', memberId });
  }

  expire(now: number): void {
    this.#complete = Infinity;
    for (const own of this.#members.values())
      for (const { connectionId, until } of own.values()) {
        if (until <= now) this.exit(connectionId);
        else this.#complete = Math.min(this.#complete, until);
      }
  }

  page(limit: number, now: number): PresencePage {
    const members: PresentMember[] = [];
    let total = 0;
    for (const own of this.#members.values()) {
      if (members.length >= limit && now < this.#complete)
        return { members, total: this.#members.size };
      const present = [...own.values()].find(({ until }) => until > now);
      if (!present) continue;
      total += 1;
      const { memberId, identity, info, meta } = present;
      if (members.length < limit) members.push({ memberId, identity, info, meta });
    }
    return { members, total };
  }
}

function first(own: ReadonlyMap<string, Present>): Present | undefined {
  const [present] = own.values();
  return present;
}
