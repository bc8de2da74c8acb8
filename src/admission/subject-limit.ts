/** What happens when a subject has as many connections as it may: the newcomer is refused, or the oldest goes. */
export const SUBJECT_LIMIT_POLICIES = ['refuse', 'replace-oldest'] as const;

export type SubjectLimitPolicy = (typeof SUBJECT_LIMIT_POLICIES)[number];

export interface SubjectLimitRules {
  readonly maxConnectionsPerSubject: number;
  readonly onTooManyConnections: SubjectLimitPolicy;
}

/** Places for the connections of each subject, taken at the door and given back once, whatever becomes of the newcomer. */
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

  /** Takes a place; returns how to give it back, or undefined when there is none. */
  take(identity: string): (() => void) | undefined {
    const { maxConnectionsPerSubject, onTooManyConnections } = this.rules;
    const waiting = this.#waiting.get(identity) ?? 0;
    // Who replaces another comes in addition, but no more of them wait than there are places.
    const left = maxConnectionsPerSubject - waiting;
    if (left <= 0 || (onTooManyConnections === 'refuse' && this.hasOpen(identity, left)))
      return undefined;
    this.#waiting.set(identity, waiting + 1);
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
