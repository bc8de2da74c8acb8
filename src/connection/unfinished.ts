/** What is looked at of a connection whose message may be unfinished. */
export interface MessageOwner {
  readonly isOpen: boolean;
  readonly isPaused: boolean;
  /** The message that is not complete: the same object as long as it is the same message. */
  readonly unfinished: object | undefined;
}

interface Begun {
  readonly message: object;
  /** The beat in which it was seen first. */
  readonly since: number;
}

/** A look reads more memory than all the rest of a beat. */
const PARTS = 4;

/** Messages that have begun to arrive, since when each was seen. A paused socket reads no more of its own, which begins anew afterwards. */
export class UnfinishedMessages<T extends MessageOwner> {
  readonly #begun = new Map<T, Begun>();
  /** Those that have said something, in as many parts as they are looked at in. */
  readonly #parts: readonly Set<T>[] = Array.from({ length: PARTS }, () => new Set<T>());
  #followed = 0;

  get size(): number {
    return this.#begun.size;
  }

  /** From now on it is looked at: most connections never say anything. */
  follow(owner: T): void {
    this.#parts[this.#followed % PARTS]?.add(owner);
    this.#followed += 1;
  }

  /** Looks at another part of them with each beat. */
  lookAtSome(beat: number): void {
    for (const owner of this.#parts[beat % PARTS] ?? []) this.look(owner, beat);
  }

  /** Notes whether it has one. */
  look(owner: T, beat: number): void {
    const message = owner.unfinished;
    if (!message || !owner.isOpen || owner.isPaused) {
      if (this.#begun.size > 0) this.#begun.delete(owner);
    } else if (this.#begun.get(owner)?.message !== message)
      this.#begun.set(owner, { message, since: beat });
  }

  forget(owner: T): void {
    for (const part of this.#parts) part.delete(owner);
    this.#begun.delete(owner);
  }

  /** Those whose message has been on its way for so many beats. */
  overdue(beat: number, beats: number): readonly T[] {
    for (const owner of this.#begun.keys()) this.look(owner, beat);
    return [...this.#begun]
      .filter(([, { since }]) => beat - since >= beats)
      .map(([owner]) => owner);
  }
}
