/** Remembers the newest, in two halves: when the young one is full the old one is forgotten whole, at no cost per entry. */
export class BoundedCache<V> {
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  /** @param maxEntries Zero: it remembers nothing. */
  constructor(private readonly maxEntries: number) {}

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: string): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: string, value: V): void {
    if (this.maxEntries === 0) return;
    if (this.#young.size >= this.maxEntries / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}

/**
 * The engine remembers the last text that a regular expression matched (`RegExp.input`), and so keeps in memory all of which that was a
 * part: an Authorization header with its token. After this it remembers nothing.
 */
export function forgetLastMatch(): void {
  NOTHING.test('');
}

const NOTHING = /^/;
