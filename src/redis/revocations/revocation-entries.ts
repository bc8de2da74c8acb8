import type { Revocation } from '../../admission/revocation.js';
import { fieldOf, isAbove, type RevocationEntry } from './revocation-entry.js';

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
