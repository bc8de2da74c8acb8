import { KeyedCounter } from '../core/keyed-counter.js';
import type { RoomgateOptions } from '../module/options.js';

/** What happens when a subject has as many connections as it may: the newcomer is refused, or the oldest goes. */
export const SUBJECT_LIMIT_POLICIES = ['refuse', 'replace-oldest'] as const;

export type SubjectLimitPolicy = (typeof SUBJECT_LIMIT_POLICIES)[number];

/** The connections that subjects have. One that is closing counts until it is gone. */
interface SubjectConnections {
  countOf(identity: string): number;
  /** Those that accept no more messages and still have some to handle: they cannot make room for a newcomer. */
  finishingOf(identity: string): number;
}

/** Places for the connections of each subject. Who waits at the door takes one, and gives it back once, whatever becomes of it. */
export class SubjectLimit {
  /** Those at the door; the admitted ones are counted elsewhere. */
  readonly #waiting = new KeyedCounter();

  constructor(
    private readonly rules: Pick<
      RoomgateOptions,
      'maxConnectionsPerSubject' | 'onTooManyConnections'
    >,
    private readonly connections: SubjectConnections,
  ) {}

  /** Subjects of whom somebody is at the door. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Whether there is a place for one more. */
  hasPlace(identity: string): boolean {
    const { maxConnectionsPerSubject, onTooManyConnections } = this.rules;
    const left = maxConnectionsPerSubject - this.#waiting.of(identity);
    if (onTooManyConnections === 'refuse') return this.connections.countOf(identity) < left;
    // Who replaces another comes in addition, but no more of them wait or are replaced than there are places.
    return this.connections.finishingOf(identity) < left;
  }

  /** Takes a place that there is, for one who has to wait; returns how to give it back. */
  take(identity: string): () => void {
    this.#waiting.add(identity);
    let isTaken = true;
    return () => {
      if (isTaken) this.#waiting.remove(identity);
      isTaken = false;
    };
  }

  /** How many connections a subject has beyond its limit. */
  excessOf(identity: string): number {
    return this.connections.countOf(identity) - this.rules.maxConnectionsPerSubject;
  }
}
