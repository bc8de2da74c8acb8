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
