import { hash } from 'node:crypto';

/**
 * Tokens whose signature was good, so that a client that reconnects does not have it checked again. Only this one result is
 * kept, under the SHA-256 of the token: times, revocation, scope and policy are asked every time. Failures are never kept, so
 * nobody without a good token can put anything in here.
 */
export class SignatureCache {
  /** Two halves: when the young one is full the old one is forgotten whole, which costs nothing for each token. */
  #young = new Set<string>();
  #old = new Set<string>();

  constructor(private readonly maxEntries: number) {}

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  has(text: string): boolean {
    if (this.size === 0) return false;
    const token = key(text);
    return this.#young.has(token) || this.#old.has(token);
  }

  add(text: string): void {
    if (this.maxEntries === 0) return;
    if (this.#young.size >= this.maxEntries / 2) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(key(text));
  }
}

function key(text: string): string {
  return hash('sha256', text, 'base64url');
}
