import type { RoomId, RoomKey } from '../admission/room-id.js';
import type { MaybePromise } from '../admission/token-verifier.js';
import type { RoomConnection } from '../connection/connection.js';
import type { Membership } from '../connection/connection-ports.js';
import type { Turn } from '../connection/turn.js';
import { isLater, whenThere } from '../roomgate.later.js';
import type { RoomEngine } from './engine/engine.js';
import { LocalRoom } from './local-room.js';

/** Told about members of this node, when it has happened. What it throws is logged and changes nothing. */
export interface MembershipListener {
  onJoin?(connection: RoomConnection, room: RoomId): unknown;
  onLeave?(connection: RoomConnection, room: RoomId): unknown;
}

/**
 * Who is in which room on this node: the index from rooms to connections; its other way is `connection.memberships`. Keeps
 * the engine subscribed to exactly those rooms that somebody is in, or about to enter.
 */
export class Memberships {
  readonly #rooms = new Map<RoomKey, LocalRoom>();
  readonly #listeners = new Set<MembershipListener>();

  constructor(
    private readonly engine: RoomEngine,
    private readonly turn: Turn,
    private readonly warn: (line: string, error: unknown) => void,
  ) {}

  get size(): number {
    return this.#rooms.size;
  }

  /** Returns how to stop listening. */
  listen(listener: MembershipListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get(key: RoomKey): LocalRoom | undefined {
    return this.#rooms.get(key);
  }

  /**
   * Has the engine carry the room here and keeps it so until the returned function is called. Throws or rejects when it cannot.
   */
  hold(key: RoomKey): MaybePromise<() => void> {
    let room = this.#rooms.get(key);
    if (!room) this.#rooms.set(key, (room = new LocalRoom(key, this.turn)));
    const held = room;
    held.holds += 1;
    let isHeld = true;
    const release = (): void => {
      if (isHeld) this.#release(held);
      isHeld = false;
    };
    const failed = (error: unknown): never => {
      held.subscribed = undefined;
      release();
      throw error;
    };
    try {
      const subscribed = (held.subscribed ??= this.#subscribe(held));
      return isLater(subscribed) ? subscribed.then(() => release, failed) : release;
    } catch (error) {
      return failed(error);
    }
  }

  #subscribe(room: LocalRoom): MaybePromise<true> {
    return whenThere(this.engine.subscribe(room.key), ({ epoch }) => {
      room.epoch = epoch;
      // Most rooms are quiet and many: none has to keep the promise of its beginning.
      return (room.subscribed = true);
    });
  }

  /** Makes the connection a member. The caller holds the room; the membership takes the hold over. */
  join(connection: RoomConnection, { key, room, rights, release }: Membership): void {
    const local = this.#rooms.get(key);
    if (!local || connection.memberships.some((membership) => membership.key === key))
      return release();
    connection.memberships.push({ key, room, rights, release });
    local.join(connection);
    this.#tell('onJoin', connection, room);
  }

  leave(connection: RoomConnection, key: RoomKey): void {
    const index = connection.memberships.findIndex((membership) => membership.key === key);
    const [membership] = index === -1 ? [] : connection.memberships.splice(index, 1);
    if (!membership) return;
    this.#rooms.get(key)?.leave(connection);
    membership.release();
    this.#tell('onLeave', connection, membership.room);
  }

  leaveAll(connection: RoomConnection): void {
    while (connection.memberships.length > 0)
      this.leave(connection, (connection.memberships[0] as { key: RoomKey }).key);
  }

  #tell(what: keyof MembershipListener, connection: RoomConnection, room: RoomId): void {
    const failed = `A membership listener's ${what} failed`;
    for (const listener of this.#listeners)
      this.#attempt(() => listener[what]?.(connection, room), failed);
  }

  #release(room: LocalRoom): void {
    room.holds -= 1;
    if (room.holds > 0) return;
    this.#rooms.delete(room.key);
    // Called now and not in a later turn: a newcomer may subscribe the room again before this one has ended.
    this.#attempt(
      () => this.engine.unsubscribe(room.key),
      'The engine could not unsubscribe a room',
    );
  }

  /** Other people's code, which may throw or reject; neither is a reason to stop. */
  #attempt(act: () => unknown, line: string): void {
    const failed = (error: unknown): void => this.warn(line, error);
    try {
      Promise.resolve(act()).catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
