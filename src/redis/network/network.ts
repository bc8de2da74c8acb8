import type { LinkEvents, RedisLink } from './link.js';

export interface NetworkEvents extends LinkEvents {
  /** Other links may be responsible for what was subscribed. `from`: by group, those that were and are still in use. */
  moved(from: ReadonlyMap<number, RedisLink>): void;
}

/** The processes of Redis that hold the data, one or many, and which of them holds what. */
export interface RedisNetwork {
  /** PUBLISH, or SPUBLISH in a cluster. */
  readonly publishes: 'PUBLISH' | 'SPUBLISH';
  /** Begins to connect; resolves when every process can be reached. */
  start(): Promise<void>;
  /** What may be asked for in one call: tags of the same number. */
  groupOf(tag: string): number;
  /** The link to what is responsible for the tag; undefined while nobody is known to be. */
  linkOf(tag: string): RedisLink | undefined;
  /** Something was asked of a process that is not responsible: looks who is. */
  refresh(): Promise<void>;
  /** Whether every process can be reached. */
  readonly isUp: boolean;
  /** Whether at least one of them can. */
  readonly isUpInPart: boolean;
  stop(): void;
}
