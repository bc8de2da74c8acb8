/** What happens when a subject has as many connections as it may: the newcomer is refused, or the oldest goes. */
export const SUBJECT_LIMIT_POLICIES = ['refuse', 'replace-oldest'] as const;

export type SubjectLimitPolicy = (typeof SUBJECT_LIMIT_POLICIES)[number];

export interface SubjectLimitRules {
  readonly maxConnectionsPerSubject: number;
  readonly onTooManyConnections: SubjectLimitPolicy;
}

/** Places for the connections of each subject. Who waits at the door takes one, and gives it back once, whatever becomes of it. */
export class SubjectLimit {
  /** Those at the door; the open ones are counted elsewhere. */
  readonly #waiting = new Map<string, number>();

  constructor(
    private readonly rules: SubjectLimitRules,
    /** Whether a subject has at least so many open connections. */
    private readonly hasOpen: (identity: string, count: number) => boolean,
  ) {}

  /** Subjects of whom somebody is at the door. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Whether there is a place for one more. */
  hasPlace(identity: string): boolean {
    const { maxConnectionsPerSubject, onTooManyConnections } = this.rules;
    // Who replaces another comes in addition, but no more of them wait than there are places.
    const left = maxConnectionsPerSubject - (this.#waiting.get(identity) ?? 0);
    return left > 0 && !(onTooManyConnections === 'refuse' && this.hasOpen(identity, left));
  }

  /** Takes a place that there is, for one who has to wait; returns how to give it back. */
  take(identity: string): () => void {
    this.#waiting.set(identity, (this.#waiting.get(identity) ?? 0) + 1);
    let isTaken = true;
    return () => {
      if (isTaken) this.#giveBack(identity);
      isTaken = false;
    };
  }

  /** Whether a subject with so many open connections, one of them new, has one too many. */
  isOver(identity: string): boolean {
    return this.hasOpen(identity, this.rules.maxConnectionsPerSubject + 1);
  }

  #giveBack(identity: string): void {
    const left = (this.#waiting.get(identity) ?? 0) - 1;
    if (left > 0) this.#waiting.set(identity, left);
    else this.#waiting.delete(identity);
  }
}
