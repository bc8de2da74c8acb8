/** Where a room's publications have got to: numbers run by 1 within an epoch, a random name of one life of the room's history. */
export interface Position {
  /** A safe integer, 0 before the first publication. */
  readonly offset: number;
  readonly epoch: string;
}

/** One broadcast as engines keep and carry it. */
export interface Publication {
  /**
   * Names it once and for all: publishing the same id again within a minute is the same publication, and within two it may be.
   * Absent: it was published without one, and the engine needs none.
   */
  readonly publicationId?: string;
  readonly offset: number;
  /** JSON text of `{ event, data }`, or the bytes of a binary message; nodes build the frame. */
  readonly body: string | Buffer;
  /** The connection that is left out, by its id. */
  readonly except?: string;
  /** A later one of the same key makes it worthless for a reader that is behind. */
  readonly conflateKey?: string;
  /** Milliseconds since the epoch, by the engine's clock. */
  readonly publishedAt: number;
}

/** How much of a room is kept; whatever bound is reached first drops the oldest. */
export interface HistoryLimits {
  /** Publications. */
  readonly size: number;
  /** Milliseconds since a publication, and since the room was last in use. */
  readonly ttlMs: number;
  /** Bytes of their bodies, and 128 for each. */
  readonly maxBytes: number;
}

/** What may be said about a publication when it is published. */
export interface PublishOptions {
  /** Absent: nobody knows it, so nobody will publish it again, and an engine need not remember it. */
  readonly publicationId?: string;
  readonly except?: string;
  readonly conflateKey?: string;
  /** Keeps it. Rooms of one name are always published to, and subscribed, with the same limits. */
  readonly history?: HistoryLimits;
}

/** Which part of what is kept is asked for. */
export interface ReadRange {
  /** Everything of a greater offset, oldest first. Absent: the newest `limit`, oldest of them first. */
  readonly after?: number;
  /** Publications at most. */
  readonly limit: number;
  /** Bytes at most, counted in the same way, but one publication at least. */
  readonly maxBytes: number;
}

/** Publications that were kept, in order, and where the room has got to. */
export interface HistoryPage {
  readonly publications: readonly Publication[];
  readonly position: Position;
}
