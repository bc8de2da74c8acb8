import { hash } from 'node:crypto';

/**
 * Tokens whose signature was good, so that a client that reconnects does not have it checked again. Only this one result is
 * kept, under the SHA-256 of the token: times, revocation, scope and policy are asked every time. Failures are never kept, so
 * nobody without a good token can put anything in here.
 */
export class SignatureCache {
  readonly #good = new Set<string>();

  constructor(private readonly maxEntries: number) {}

  get size(): number {
    return this.#good.size;
  }

  has(text: string): boolean {
    return this.#good.size > 0 && this.#good.has(key(text));
  }

  add(text: string): void {
    if (this.maxEntries === 0) return;
    this.#good.add(key(text));
    if (this.#good.size <= this.maxEntries) return;
    const [oldest] = this.#good;
    this.#good.delete(oldest as string);
  }
}

function key(text: string): string {
  return hash('sha256', text, 'base64url');
}
