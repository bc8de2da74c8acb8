import type { EngineKey, EngineSink, HistoryLimits, Position, PresenceChange, Publication } from '../../room/engine/engine.js';
import type { RoomKeys } from '../keys.js';
import { newEpoch } from '../epoch.js';
import type { RedisLink } from '../network/link.js';

/** What came before it was known where the room is, at most; then it is let go, and told as missing. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

interface Waiting {
  readonly publication: Publication;
  readonly epoch: string;
}

/** One room that this node listens to: brings what its channel carries into order, and sees when something is missing. */
export class Subscription {
  /** Who carries it here; nobody while it is being opened anew. */
  link: RedisLink | undefined;
  /** Counts how often it was opened: an answer to an earlier time is not for this one. */
  opened = 0;
  /** How it is opened for the first time: others who ask for it meanwhile wait for it. */
  first: Promise<Position> | undefined;
  /** Up to where the node was told everything; undefined before it was ever open. */
  #position: { epoch: string; offset: number } | undefined;
  /** While it is being opened. */
  #waiting: (Waiting | PresenceChange)[] | undefined = [];
  #waitingBytes = 0;
  /** Not open since it was told a position: nobody knows who came or went meanwhile. */
  #wasCut = false;
  #isClosed = false;

  constructor(
    readonly key: EngineKey,
    readonly names: RoomKeys,
    readonly history: HistoryLimits | undefined,
    private readonly sink: EngineSink,
  ) {}

  get isOpen(): boolean {
    return this.#waiting === undefined;
  }

  /** Nothing can be told until it is open again. */
  suspend(): number {
    this.link = undefined;
    this.#wasCut = this.#position !== undefined;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return (this.opened += 1);
  }

  /** Who asked for it has been told the position: what comes behind it may be missing, but not go unsaid. */
  answer(position: Position): void {
    this.first = undefined;
    this.#position = { ...position };
  }

  /** From here on it is told what came behind the position. Whether that is all: otherwise the room has to be looked at again. */
  begin(position: Position): boolean {
    if (this.#isClosed) return true;
    this.#position = { ...position };
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    if (this.#wasCut) this.sink.interrupted(this.key, position);
    this.#wasCut = false;
    // What is of another epoch was said before this one began, or after it has ended: nobody can tell.
    let isAll = this.#waitingBytes <= MAX_WAITING_BYTES;
    for (const one of waiting) {
      if (!('publication' in one)) this.#tell(one);
      else if (one.epoch === position.epoch) this.#deliver(one.publication, one.epoch);
      else isAll = false;
    }
    return isAll;
  }

  /** Whether it was the next one, as far as that can be told. */
  publication(publication: Publication, epoch: string, bytes: number): boolean {
    if (!this.#waiting) return this.#deliver(publication, epoch);
    this.#waitingBytes += bytes;
    if (this.#waitingBytes <= MAX_WAITING_BYTES) this.#waiting.push({ publication, epoch });
    return true;
  }

  change(change: PresenceChange): void {
    if (this.#waiting) this.#waiting.push(change);
    else this.#tell(change);
  }

  /** Up to where the node was told everything, while that is known. */
  get position(): Position | undefined {
    return this.#position && { ...this.#position };
  }

  /**
   * The room has got this far, and all that was published until then has come, or never will. Whether it has come. `before`: where
   * this node believed the room to be when Redis was asked; nothing can have come from beyond what Redis has given.
   */
  verify(position: Position, before?: Position): boolean {
    if (this.#isClosed || this.#waiting || !this.#position) return true;
    const { epoch, offset } = this.#position;
    const isPossible = before?.epoch !== position.epoch || before.offset <= position.offset;
    if (epoch === position.epoch && offset >= position.offset && isPossible) return true;
    this.#position = { ...position };
    // Nobody goes back within one epoch: what was believed was of none.
    if (!isPossible) this.sink.interrupted(this.key, { epoch: newEpoch(), offset: 0 });
    this.sink.interrupted(this.key, position);
    return false;
  }

  /** The node does not listen any more, not even to what is on its way. */
  close(): void {
    this.#isClosed = true;
    this.opened += 1;
  }

  #deliver(publication: Publication, epoch: string): boolean {
    const { offset } = publication;
    const position = this.#position;
    if (this.#isClosed || !position) return true;
    if (epoch === position.epoch && offset <= position.offset) return true;
    // Most are the next: nothing is made for them.
    const isNext = epoch === position.epoch && offset === position.offset + 1;
    if (!isNext) this.sink.interrupted(this.key, { epoch, offset: offset - 1 });
    position.epoch = epoch;
    position.offset = offset;
    this.sink.deliver(this.key, publication);
    return isNext;
  }

  #tell(change: PresenceChange): void {
    if (!this.#isClosed) this.sink.presence(this.key, change);
  }
}
