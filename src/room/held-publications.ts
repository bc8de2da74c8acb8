import type { Whereabouts } from '../connection/outgoing.js';
import type { FramePlace } from '../connection/room-batch.js';

/** A publication as it is sent, and where it stands. */
export interface PlacedFrame extends FramePlace {
  readonly frame: Buffer;
}

/** What a room says while one of its members is given what it missed. */
export class HeldPublications {
  /** Whether something that the member has to get is neither in here nor in what is being read. */
  isIncomplete = false;
  #frames: PlacedFrame[] = [];
  #bytes = 0;

  /** `from`: up to where the member has everything. Beyond `maxBytes` they are let go: history has them too, and is read again. */
  constructor(
    public from: Whereabouts & { readonly connectionId?: string },
    private readonly maxBytes: number,
  ) {}

  add(placed: PlacedFrame): void {
    this.#bytes += placed.frame.length;
    if (this.#bytes > this.maxBytes) this.isIncomplete = true;
    if (this.isIncomplete) this.#frames = [];
    else this.#frames.push(placed);
  }

  /** More was lost than we knew. What is lost of two lives of the room is not found in one of them: no place leads on from it. */
  rewind({ offset, epoch }: Whereabouts): void {
    this.isIncomplete = true;
    this.#frames = [];
    const isOfOneLife = epoch === this.from.epoch;
    this.from = isOfOneLife
      ? { ...this.from, offset: Math.min(offset, this.from.offset) }
      : { ...this.from, epoch: '' };
  }

  /** Begins anew: the publications held so far are in the history that is read from now on. */
  restart(): void {
    this.isIncomplete = false;
    this.#frames = this.#frames.filter(isAnnouncement);
    this.#bytes = this.#frames.reduce((sum, { frame }) => sum + frame.length, 0);
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
