import { hash } from 'node:crypto';
import { BoundedCache } from '../core/bounded-cache.js';

/**
 * Tokens whose signature was good, so that a client that reconnects does not have it checked again. Only this one result is
 * kept, under the SHA-256 of the token: times, revocation, scope and policy are asked every time. Failures are never kept, so
 * nobody without a good token can put anything in here.
 */
export class SignatureCache {
  readonly #good: BoundedCache<true>;

  constructor(private readonly maxEntries: number) {
    this.#good = new BoundedCache(maxEntries);
  }

  get size(): number {
    return this.#good.size;
  }

  /** Whether the signature is good: remembered to be, or found to be now. */
  confirm(text: string, check: () => boolean): boolean {
    if (this.maxEntries === 0) return check();
    const key = hash('sha256', text, 'base64url');
    if (this.#good.get(key)) return true;
    if (!check()) return false;
    this.#good.set(key, true);
    return true;
  }
}
