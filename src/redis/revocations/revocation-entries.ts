import { identityOf } from '../../admission/principal.js';
import type { Revocation } from '../../admission/revocation.js';

/** What this node knows to be revoked: all of it, so that it can be given back to a Redis that has lost it. */
export class RevocationEntries {
  readonly #byField = new Map<string, RevocationEntry>();
  /** What Redis may not have. */
  readonly #unsaved = new Set<string>();
  #tell: (revocation: Revocation) => void = () => undefined;

  /** Tells everything, and from now on what is new. */
  tellTo(tell: (revocation: Revocation) => void): void {
    this.#tell = tell;
    for (const { revocation } of this.#byField.values()) tell(revocation);
  }

  stopTelling(): void {
    this.#tell = () => undefined;
  }

  get(field: string): RevocationEntry | undefined {
    return this.#byField.get(field);
  }

  /** Nothing is ever taken away by it: an entry only gives way to one of a greater rank. */
  merge(entry: RevocationEntry): void {
    const { revocation } = entry;
    const field = fieldOf(revocation);
    const before = this.#byField.get(field);
    if (before && !isAbove(entry, before)) return;
    this.#byField.set(field, entry);
    // Also when it only lasts longer: whoever was told counts the time from then on.
    this.#tell(revocation);
  }

  /** Merges what Redis has. */
  load(entry: RevocationEntry): void {
    this.merge(entry);
    const field = fieldOf(entry.revocation);
    const kept = this.#byField.get(field);
    if (!kept || !isAbove(kept, entry)) this.#unsaved.delete(field);
  }

  /** Redis has made of an estimate what it keeps. Who was told of the one knows of the other, unless it says something else. */
  settle(estimate: RevocationEntry, kept: RevocationEntry): void {
    const field = fieldOf(kept.revocation);
    const isSame = JSON.stringify(estimate.revocation) === JSON.stringify(kept.revocation);
    if (!isSame || this.#byField.get(field) !== estimate) return this.load(kept);
    this.#byField.set(field, kept);
    this.#unsaved.delete(field);
  }

  /** Redis may not have it; without a field: may have none of them. */
  unsave(field?: string): void {
    if (field !== undefined) this.#unsaved.add(field);
    else for (const one of this.#byField.keys()) this.#unsaved.add(one);
  }

  /** What Redis may not have, so many at most. */
  unsaved(limit: number): RevocationEntry[] {
    const some: RevocationEntry[] = [];
    for (const field of this.#unsaved) {
      const entry = this.#byField.get(field);
      if (entry) some.push(entry);
      if (some.length === limit) break;
    }
    return some;
  }

  /** Redis has them, unless they have changed meanwhile. */
  saved(entries: readonly RevocationEntry[]): void {
    for (const entry of entries) {
      const field = fieldOf(entry.revocation);
      if (this.#byField.get(field) === entry) this.#unsaved.delete(field);
    }
  }

  /** Forgets what is over by the clock of Redis. */
  sweep(now: number): void {
    for (const [field, { until }] of this.#byField) {
      if (until > now) continue;
      this.#byField.delete(field);
      this.#unsaved.delete(field);
    }
  }
}

/** A revocation as it is kept. Of two for the same field the one of the greater rank is in force, of equal ones the one that is kept longer. */
export interface RevocationEntry {
  readonly revocation: Revocation;
  /** See {@link rankOf}; where time does not matter, 0; of a block and its end, which of them came later. */
  readonly rank: number;
  /** Milliseconds since the epoch, by the clock of Redis, at which it may be forgotten. */
  readonly until: number;
}

/** What the channel carries: an entry, and which change it was. */
interface RevocationNews {
  readonly epoch: string;
  readonly version: number;
  readonly entry: RevocationEntry;
}

const ENTRY = /^1(\S{1,32}) (\S{1,32})\n(.+)$/s;
const NEWS = /^1([A-Za-z0-9_-]{4,64}) (\d{1,16})\n(.+)$/s;

/** What it is about: whatever is revoked of the same is one entry. */
export function fieldOf(revocation: Revocation): string {
  switch (revocation.kind) {
    case 'token':
      return `token ${identityOf(revocation.issuer, revocation.jti)}`;
    case 'session':
      return `session ${identityOf(revocation.issuer, revocation.sid)}`;
    case 'subject':
      return `${revocation.isSessionless ? 'sessionless' : 'subject'} ${revocation.identity}`;
    case 'block':
    case 'unblock':
      return `block ${revocation.identity}`;
  }
}

/** Up to when it revokes; 0 where that is no matter of time. */
export function revokedBefore(revocation: Revocation): number {
  if (revocation.kind === 'session') return revocation.issuedBefore ?? Infinity;
  return revocation.kind === 'subject' ? revocation.issuedBefore : 0;
}

/**
 * Its rank among those of its field: of two the one that revokes up to a later `iat` has to stay. Nodes add the tolerance to every time
 * but an exact one, so an exact time is as good as one that is earlier by the tolerance.
 */
export function rankOf(revocation: Revocation, clockToleranceMs: number): number {
  const isExact = revocation.kind === 'subject' && revocation.isExact === true;
  return revokedBefore(revocation) - (isExact ? clockToleranceMs : 0);
}

/** Of a block 1, of its end 0: their ranks are odd and even. */
export function parityOf({ kind }: Revocation): 0 | 1 | undefined {
  if (kind === 'block') return 1;
  return kind === 'unblock' ? 0 : undefined;
}

function isAbove(one: RevocationEntry, other: RevocationEntry): boolean {
  return one.rank > other.rank || (one.rank === other.rank && one.until > other.until);
}

/** Numbers as Lua writes and reads them. */
export function encodeNumber(number: number): string {
  return number === Infinity ? 'inf' : String(number);
}

/** Undefined for what is of another version, or not well-formed. */
export function decodeEntry(bytes: Buffer | string): RevocationEntry | undefined {
  const [, rank, until, json] = ENTRY.exec(String(bytes)) ?? [];
  const revocation = decodeRevocation(json);
  const entry = { rank: decodeNumber(rank), until: decodeNumber(until) };
  if (!revocation || Number.isNaN(entry.rank) || Number.isNaN(entry.until)) return undefined;
  const parity = parityOf(revocation);
  if (parity !== undefined && !(Number.isSafeInteger(entry.rank) && entry.rank % 2 === parity))
    return undefined;
  return { revocation, ...entry };
}

/** Undefined for what is of another version, or not well-formed. */
export function decodeNews(bytes: Buffer): RevocationNews | undefined {
  const [, epoch = '', version, rest = ''] = NEWS.exec(String(bytes)) ?? [];
  const entry = decodeEntry(rest);
  return entry && { epoch, version: Number(version), entry };
}

function decodeNumber(text: string | undefined): number {
  if (text === 'inf') return Infinity;
  return text ? Number(text) : NaN;
}

/** Undefined for what is no revocation: one that is read as less than it says would let somebody in. */
export function decodeRevocation(json: string | undefined): Revocation | undefined {
  try {
    const value = JSON.parse(json ?? '') as Revocation;
    return isRevocation(value as unknown as Record<string, unknown>) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRevocation(value: Readonly<Record<string, unknown>>): boolean {
  const { kind, issuer, jti, sid, identity, issuedBefore, isSessionless, isExact } = value;
  switch (kind) {
    case 'token':
      return areTexts(issuer, jti);
    case 'session':
      return areTexts(issuer, sid) && (issuedBefore === undefined || Number.isFinite(issuedBefore));
    case 'subject':
      return (
        areTexts(identity) &&
        Number.isFinite(issuedBefore) &&
        [isSessionless, isExact].every((flag) => flag === undefined || typeof flag === 'boolean')
      );
    case 'block':
    case 'unblock':
      return areTexts(identity);
    default:
      return false;
  }
}

function areTexts(...values: unknown[]): boolean {
  return values.every((value) => typeof value === 'string');
}
