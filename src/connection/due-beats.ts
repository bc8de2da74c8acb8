/** Whoever has a place among those that are looked at. */
export interface Placed {
  /** -1 without one. */
  place: number;
}

export const NOWHERE = -1;
/** Further away than beats can get; still a small integer. */
export const NEVER = 2 ** 30;

/**
 * Who is to be looked at in which beat. The beats stand side by side, so that a look at those of 10,000 connections reads 40 KB
 * once, and none of the 10,000 objects that are not due.
 */
export class DueBeats<T extends Placed> {
  #beats = new Int32Array(64);
  readonly #owners: T[] = [];

  get size(): number {
    return this.#owners.length;
  }

  add(owner: T, beat: number): void {
    owner.place = this.#owners.push(owner) - 1;
    if (owner.place === this.#beats.length) {
      const longer = new Int32Array(2 * owner.place);
      longer.set(this.#beats);
      this.#beats = longer;
    }
    this.#beats[owner.place] = beat;
  }

  /** Changes when it is to be looked at. */
  set({ place }: T, beat: number): void {
    if (place !== NOWHERE) this.#beats[place] = beat;
  }

  /** The last one gets its place. */
  remove(owner: T): void {
    const { place } = owner;
    const last = this.#owners.at(-1);
    if (place === NOWHERE || !last) return;
    this.#owners[place] = last;
    this.#beats[place] = this.#beats[last.place] as number;
    last.place = place;
    this.#owners.pop();
    owner.place = NOWHERE;
  }

  /** Those whose beat has come. A list and not a generator, which takes four times as long. */
  due(beat: number): readonly T[] {
    const due: T[] = [];
    const beats = this.#beats;
    const { size } = this;
    for (let place = 0; place < size; place++)
      if ((beats[place] as number) <= beat) due.push(this.#owners[place] as T);
    return due;
  }
}
