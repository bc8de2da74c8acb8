import type { PublishOptions, Position, Publication } from './publication.js';

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
  /** The position of the key is no longer known here: what was published meanwhile may be missing. */
  interrupted(key: EngineKey): void;
}

/**
 * The replaceable carrier of publications. There is one delivery path: every node, the publishing one included, delivers
 * what comes back from the engine, so that all members see one order. `engine.contract.ts` is the test of these promises.
 */
export abstract class RoomEngine {
  /** Called once, before anything else. */
  abstract start(sink: EngineSink): MaybePromise<void>;

  /**
   * Resolves when the publication is accepted and has its offset; it need not be delivered yet. Publications of one key
   * get their offsets in the order in which `publish` was called on a node.
   * @throws RoomgateError `engine_unavailable`: the outcome is unknown, and publishing again with the same publication id is safe.
   */
  abstract publish(key: EngineKey, body: string, options: PublishOptions): MaybePromise<Position>;

  /** Once it has resolved every publication of a greater offset reaches the sink, until `unsubscribe`. */
  abstract subscribe(key: EngineKey): MaybePromise<Position>;

  /** The node has no members of the key any more: from this call on nothing of it reaches the sink until it is subscribed again. */
  abstract unsubscribe(key: EngineKey): MaybePromise<void>;

  /** Called once, after the last connection has gone. */
  abstract stop(): MaybePromise<void>;
}
