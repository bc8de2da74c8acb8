import type { HistoryRight } from 'nestjs-roomgate';
import type { HistoryLimits, Position } from '../../src/room/engine/engine.js';
import type { Said } from './recording-engine.js';
import type { Entry, View } from './room-reader.js';

export interface Truth {
  readonly truth: ReadonlyMap<string, readonly Said[]>;
  /** Publications by number that the reader's subject may never see: it had lost the room. */
  readonly lost: readonly { readonly from: number; readonly to: number }[];
  /** Of how much nothing is gone; undefined when reading failed. */
  readonly kept: HistoryLimits | undefined;
  /** The present life of the room. */
  readonly epoch: string;
}

/** What a publication costs beside its text: the event around it, and 128. */
const BYTES_BESIDE = 26 + 128;

/**
 * Reads what a client saw in one room against what was said there: everything in order and once, nothing left out but where a
 * `gap` says so, nothing that is not for it. Returns what is wrong, or where it has got to.
 */
export class ReaderLog {
  #position: Position | undefined;
  /** The connection it has, and the one it says it had. */
  #ids: (string | undefined)[] = [];
  #rights: HistoryRight[] = [];
  readonly faults: string[] = [];

  constructor(private readonly known: Truth) {}

  read({ log }: View): this {
    for (const entry of log) this.#take(entry);
    return this;
  }

  /** What is missing up to the end of what was said, for a member that has read everything. */
  expectAtHead(): void {
    const { epoch } = this.known;
    const position = this.#position as Position;
    if (position.epoch !== epoch)
      return this.#fault(`stands in ${position.epoch}, not in ${epoch}`);
    const all = this.known.truth.get(epoch) ?? [];
    this.#expectExcluded(all.length + 1);
    if (position.offset > all.length) this.#fault(`stands at ${position.offset} of ${all.length}`);
  }

  #take(entry: Entry): void {
    if (entry.kind === 'begin') {
      const { connectionId, position, since } = entry;
      if (!since) this.#position = position;
      this.#ids = [connectionId, since?.connectionId];
    } else if (entry.kind === 'right') this.#rights.push(entry.right);
    else if (entry.kind === 'said') this.#takeSaid(entry);
    else if (entry.kind === 'gap') this.#takeGap(entry);
    else this.#rights = [];
  }

  #takeSaid({ text, offset, epoch, isMuted }: Extract<Entry, { kind: 'said' }>): void {
    const position = this.#position as Position;
    const said = this.known.truth.get(position.epoch)?.[offset - 1];
    const what = `${text.slice(0, 8)} as ${offset} of ${epoch ?? position.epoch}`;
    if (said?.text !== text || (epoch ?? position.epoch) !== position.epoch)
      return this.#fault(`hears ${what}, which is not what was said`);
    if (offset <= position.offset) return this.#fault(`hears ${what} behind ${position.offset}`);
    this.#expectExcluded(offset);
    if (isMuted) this.#fault(`hears ${what} while muted`);
    if (this.known.lost.some(({ from, to }) => said.seq >= from && said.seq < to))
      this.#fault(`hears ${what}, said while it had lost the room`);
    if (
      said.except !== undefined &&
      (epoch ? this.#ids : this.#ids.slice(0, 1)).includes(said.except)
    )
      this.#fault(`hears ${what}, said to all others`);
    if (epoch && !this.#rights.some((right) => permits(right, said.publishedAt)))
      this.#fault(`hears ${what}, which is past`);
    this.#position = { ...position, offset };
  }

  #takeGap({ position, now, seq }: Extract<Entry, { kind: 'gap' }>): void {
    const before = this.#position as Position;
    const all = this.known.truth.get(before.epoch)?.filter((said) => said.seq < seq) ?? [];
    if (before.epoch === this.known.epoch && this.#isKept(all.slice(before.offset), now))
      this.#fault(`is told of a gap behind ${before.offset} of ${all.length}`);
    if (
      position.epoch === before.epoch &&
      position.offset < before.offset &&
      before.offset <= this.#said(before.epoch)
    )
      this.#fault(`is set back from ${before.offset} to ${position.offset}`);
    if (position.offset > this.#said(position.epoch))
      this.#fault(`is sent on to ${position.offset} of ${this.#said(position.epoch)}`);
    this.#position = position;
  }

  /** Everything between where it is and an offset was said to all others but it. */
  #expectExcluded(until: number): void {
    const { offset, epoch } = this.#position as Position;
    const skipped = this.known.truth.get(epoch)?.slice(offset, until - 1) ?? [];
    for (const { text, except } of skipped)
      if (except === undefined || !this.#ids.includes(except))
        this.#fault(`lost ${text.slice(0, 8)}`);
  }

  /** Whether all of it was there to be given. */
  #isKept(missing: readonly Said[], now: number): boolean {
    const { kept, lost } = this.known;
    if (!kept || lost.length > 0) return false;
    if (missing.length === 0) return true;
    const bytes = missing.reduce((sum, { text }) => sum + text.length + BYTES_BESIDE, 0);
    const { publishedAt } = missing[0] as Said;
    if (missing.length > kept.size || bytes > kept.maxBytes || now - publishedAt >= kept.ttlMs)
      return false;
    return this.#rights.every((right) => permits(right, publishedAt));
  }

  #said(epoch: string): number {
    return this.known.truth.get(epoch)?.length ?? 0;
  }

  #fault(what: string): void {
    this.faults.push(what);
  }
}

function permits(right: HistoryRight, publishedAt: number): boolean {
  return typeof right === 'object' ? publishedAt >= right.notBefore : right;
}
