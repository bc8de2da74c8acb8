import { hash } from 'node:crypto';
import { BoundedCache } from './bounded-cache.js';

/**
 * Tokens whose signature was good, so that a client that reconnects does not have it checked again. Only this one result is
 * kept, under the SHA-256 of the token: times, revocation, scope and policy are asked every time. Failures are never kept, so
 * nobody without a good token can put anything in here.
 */
export class SignatureCache {
  readonly #good: BoundedCache<true>;

  constructor(maxEntries: number) {
    this.#good = new BoundedCache(maxEntries);
  }

  get size(): number {
    return this.#good.size;
  }

  has(text: string): boolean {
    return this.#good.size > 0 && this.#good.get(key(text)) === true;
  }

  add(text: string): void {
    this.#good.set(key(text), true);
  }
}

function key(text: string): string {
  return hash('sha256', text, 'base64url');
}
