import type { FramePlace, Whereabouts } from '../connection/room-batch.js';

/** A publication as it is sent, and where it stands. */
export interface PlacedFrame extends FramePlace {
  readonly frame: Buffer;
}

/** What all rooms of one connection may hold together: a member that reads nothing costs no more for being in many. */
export class HeldBudget {
  bytes = 0;

  constructor(readonly maxBytes: number) {}
}

/** What a room says while one of its members is given what it missed. */
export class HeldPublications {
  /** Whether something that the member has to get is neither in here nor in what is being read. */
  isIncomplete = false;
  /** Called once, when the member has what it missed, or has left. */
  onEnd: (() => void) | undefined;
  #frames: PlacedFrame[] = [];
  #bytes = 0;

  /**
   * `from`: up to where the member has everything. Beyond half the budget, or when the others have used it up, they are let go:
   * history has them too, and is read again.
   */
  constructor(
    public from: Whereabouts & { readonly connectionId?: string },
    private readonly budget: HeldBudget,
  ) {}

  add(placed: PlacedFrame): void {
    if (this.isIncomplete) return;
    const { length } = placed.frame;
    const { bytes, maxBytes } = this.budget;
    this.isIncomplete = this.#bytes + length > maxBytes / 2 || bytes + length > maxBytes;
    if (this.isIncomplete) return this.letGo();
    this.#frames.push(placed);
    this.#count(length);
  }

  /** Gives back what it has of the budget. */
  letGo(): void {
    this.#frames = [];
    this.#count(-this.#bytes);
  }

  /** Nothing more is held back. */
  end(): void {
    this.letGo();
    const { onEnd } = this;
    this.onEnd = undefined;
    onEnd?.();
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.budget.bytes += bytes;
  }

  /** More was lost than we knew. What is lost of two lives of the room is not found in one of them: no place leads on from it. */
  rewind({ offset, epoch }: Whereabouts): void {
    this.isIncomplete = true;
    this.letGo();
    const isOfOneLife = epoch === this.from.epoch;
    this.from = isOfOneLife
      ? { ...this.from, offset: Math.min(offset, this.from.offset) }
      : { ...this.from, epoch: '' };
  }

  /** Begins anew: the publications held so far are in the history that is read from now on. */
  restart(): void {
    this.isIncomplete = false;
    this.#frames = this.#frames.filter(isAnnouncement);
    this.#count(this.#frames.reduce((sum, { frame }) => sum + frame.length, 0) - this.#bytes);
  }

  /** The offset before the first of them. */
  get before(): number | undefined {
    return this.#frames[0]?.before;
  }

  /** What was said behind the offset, and what no history has. */
  after(offset: number): PlacedFrame[] {
    return this.#frames.filter((placed) => placed.before >= offset || isAnnouncement(placed));
  }
}

/** Something that is no publication, such as news of presence. */
function isAnnouncement({ before, offset }: PlacedFrame): boolean {
  return before === offset;
}
