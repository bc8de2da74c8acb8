export type MaybePromise<T> = T | Promise<T>;

/** A room as an engine sees it: an opaque text, the same on every node. */
export type EngineKey = string;

/** Where an engine puts what it carries to this node. */
export interface EngineSink {
  /**
   * Synchronous and never throws. For one key offsets come in order, each one greater by 1, each at most once, and never
   * while another `deliver` for the key is on the stack: what is published inside a delivery is delivered after it.
   */
  deliver(key: EngineKey, publication: Publication): void;
  /**
   * Publications of the key may be missing here, and news of presence: deliveries go on behind `position`. When its epoch is the
   * old one what is missing can be read, if it was kept; another epoch is another life of the room, and what was before is gone.
   */
  interrupted(key: EngineKey, position: Position): void;
  /** Text that `tell` was called with for a room that is subscribed here, on any node. Absent: it is not wanted. */
  told?(key: EngineKey, body: string): void;
  /** Somebody came or went in a room that is subscribed here; once for all connections of a member, on every node. */
  presence(key: EngineKey, change: PresenceChange): void;
}

/**
 * The replaceable carrier of publications. There is one delivery path: every node, the publishing one included, delivers
 * what comes back from the engine, so that all members see one order. What an engine promises, beside what its methods say:
 * - A room has one epoch, 4 to 64 characters of `[A-Za-z0-9_-]`, as long as anybody is subscribed to it, however quiet it is,
 *   and as long as its history is kept; then `subscribe`, `publish` and `read` begin another one.
 * - What was delivered can be read, already while it is being delivered. What is kept has no hole: only the oldest is dropped.
 * - Nothing is told of a key, `interrupted` included, before its `subscribe` has resolved.
 * - Presence depends neither on subscriptions nor on history.
 *
 * `describeRoomEngine` of `nestjs-roomgate/engine` tests these promises. Every method but `start`, `unsubscribe` and `stop` may fail with
 * RoomgateError `engine_unavailable`.
 */
export abstract class RoomEngine {
  /** Whether what carries publications can be reached; for health checks. While it is false, methods fail or may fail. */
  get isAvailable(): boolean {
    return true;
  }

  /** Why `isAvailable` is false, in a word or two for a health check: an error code such as `ECONNREFUSED` or `OOM`. Undefined while it is true. */
  get unavailableReason(): string | undefined {
    return undefined;
  }

  /** Whether no other node can be behind it: what would be for others alone is not published. */
  get isAlone(): boolean {
    return false;
  }

  /** Called once, before anything else. */
  abstract start(sink: EngineSink): MaybePromise<void>;

  /**
   * Resolves when the publication is accepted and has its offset; it need not be delivered yet. Publications of one key
   * get their offsets in the order in which `publish` was called on a node.
   * @throws RoomgateError `engine_unavailable`: the outcome is unknown, and publishing again with the same publication id is safe.
   */
  abstract publish(
    key: EngineKey,
    body: string | Buffer,
    options: PublishOptions,
  ): MaybePromise<Position>;

  /** Once it has resolved every publication of a greater offset reaches the sink, until `unsubscribe`. */
  abstract subscribe(key: EngineKey, history?: HistoryLimits): MaybePromise<Position>;

  /** The node has no members of the key any more: from this call on nothing of it reaches the sink until it is subscribed again. */
  abstract unsubscribe(key: EngineKey): MaybePromise<void>;

  /**
   * What is kept of the key. Nothing between `after` and the position is left out but at the beginning, where it was dropped:
   * who wants everything has to see whether the first offset is the next one.
   */
  abstract read(key: EngineKey, range: ReadRange): MaybePromise<HistoryPage>;

  /**
   * Has every node that is subscribed to the key told of the text, now and once: it is neither kept nor repeated.
   * Default: rejects, for engines that cannot.
   */
  tell(_key: EngineKey, _body: string): MaybePromise<void> {
    return Promise.reject(new Error('The engine cannot carry orders with a room.'));
  }

  /** The connection is present in the room, until `exit`, or until it was not renewed for `ttlMs`. */
  abstract enter(key: EngineKey, entry: PresenceEntry, ttlMs: number): MaybePromise<void>;

  /** The connection is present no more. */
  abstract exit(key: EngineKey, connectionId: string): MaybePromise<void>;

  /** These connections of one room are still there; others whose time has run out are told as left. */
  abstract renew(
    key: EngineKey,
    entries: readonly PresenceEntry[],
    ttlMs: number,
  ): MaybePromise<void>;

  /** Who is present, the earliest first. */
  abstract present(key: EngineKey, limit: number): MaybePromise<PresencePage>;

  /** Called once, after the last connection has gone. */
  abstract stop(): MaybePromise<void>;
}

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

/** A connection that is present in a room, as its node tells it to the engine. Its parts are JSON. */
export interface PresenceEntry {
  readonly connectionId: string;
  /** Whose connection it is: `principal.identity`. Several of one subject are one member. */
  readonly identity: string;
  /** The name others are to know the member by; one that is present already keeps the name it has. */
  readonly memberId: string;
  /** What other members are told of it. */
  readonly info?: unknown;
  /** What only the server is told of it. */
  readonly meta?: unknown;
}

/** Somebody who is present, however many connections it has: `info` and `meta` are those of the earliest. */
export type PresentMember = Omit<PresenceEntry, 'connectionId'>;

/** Who is present: at most as many as were asked for, and how many there are. */
export interface PresencePage {
  readonly members: readonly PresentMember[];
  readonly total: number;
}

/** The first connection of a member came, or its last one went. */
export interface PresenceChange {
  readonly kind: 'joined' | 'left';
  readonly memberId: string;
  readonly info?: unknown;
}
