import type { RoomKey } from '../admission/room-id.js';
import type { MaybePromise } from '../admission/token-verifier.js';
import type { RoomConnection } from '../connection/connection.js';
import type { Membership } from '../connection/ports.js';
import type { TimingWheel } from '../connection/timing-wheel.js';
import type { Turn } from '../connection/outbox.js';
import type { Clock } from '../core/clock.js';
import { isLater, whenThere } from '../core/maybe-promise.js';
import type { RoomEngine } from './engine/engine.js';
import { LocalRoom } from './local-room.js';
import type { Presence } from './presence.js';
import type { RoomLimits } from './room-limits.js';
import type { RoomListeners } from './room-listeners.js';
import type { SettingsOfRooms } from './room-settings.js';

export interface MembershipPorts {
  readonly engine: RoomEngine;
  readonly turn: Turn;
  readonly settings: SettingsOfRooms;
  readonly limits: RoomLimits;
  readonly listeners: RoomListeners;
  readonly presence: Pick<Presence, 'joined' | 'left'>;
  readonly wheel: TimingWheel;
  readonly clock: Clock;
  readonly roomIdleMs: number;
}

/**
 * Who is in which room on this node: the index from rooms to connections; its other way is `connection.memberships`. Keeps
 * the engine subscribed to exactly those rooms that somebody is in, is about to enter, or has just left.
 */
export class Memberships {
  readonly #rooms = new Map<RoomKey, LocalRoom>();

  constructor(private readonly ports: MembershipPorts) {}

  get size(): number {
    return this.#rooms.size;
  }

  get(key: RoomKey): LocalRoom | undefined {
    return this.#rooms.get(key);
  }

  /**
   * Has the engine carry the room here and keeps it so until the returned function is called.
   * @throws RoomgateError `too_many_rooms`, `room_full`, and whatever the engine throws; or rejects with it.
   */
  hold(key: RoomKey, creator?: string): MaybePromise<() => void> {
    const held = this.#rooms.get(key) ?? this.#create(key, creator);
    this.ports.limits.checkNewMember(key, held.holds);
    held.holds += 1;
    if (held.idle) this.ports.wheel.cancel(held.idle);
    held.idle = undefined;
    try {
      const subscribed = (held.subscribed ??= this.#subscribe(held));
      return isLater(subscribed) ? this.#heldLater(held, subscribed) : this.#releaseOnce(held);
    } catch (error) {
      return this.#failed(held, error);
    }
  }

  async #heldLater(held: LocalRoom, subscribed: Promise<true>): Promise<() => void> {
    try {
      await subscribed;
      return this.#releaseOnce(held);
    } catch (error) {
      return this.#failed(held, error);
    }
  }

  #failed(held: LocalRoom, error: unknown): never {
    held.subscribed = undefined;
    this.#release(held);
    throw error;
  }

  #releaseOnce(held: LocalRoom): () => void {
    let isHeld = true;
    return () => {
      if (isHeld) this.#release(held);
      isHeld = false;
    };
  }

  /** Makes the connection a member. The caller holds the room; the membership takes the hold over. `entered`: before anybody is told. */
  join(connection: RoomConnection, membership: Membership, entered?: () => void): void {
    const { key, room, rights, former, release } = membership;
    const local = this.#rooms.get(key);
    if (!local || connection.memberships.some((held) => held.key === key)) return release();
    // The room's own text of its key; and another list, because one that grows keeps room for sixteen more.
    const joined = { key: local.key, room, rights, former, release };
    connection.memberships = connection.memberships.concat(joined);
    local.join(connection);
    entered?.();
    const { listeners, presence } = this.ports;
    if (!local.isKnown) listeners.noteRoom('onRoomCreated', key);
    // Before anybody is told, who may empty it.
    local.isKnown = true;
    listeners.note('onJoin', connection, room);
    // One that is finishing is present no more.
    if (connection.isOpen) presence.joined(connection, key);
    listeners.tell();
  }

  leave(connection: RoomConnection, key: RoomKey): void {
    const { memberships } = connection;
    const left = memberships.find((held) => held.key === key);
    if (!left) return;
    connection.memberships = memberships.filter((held) => held !== left);
    this.#takeOut(connection, [left]);
  }

  /** It stays a member, but nobody sees it as present any more. */
  absent(connection: RoomConnection): void {
    for (const { key } of connection.memberships) this.ports.presence.left(connection.id, key);
  }

  leaveAll(connection: RoomConnection): void {
    const left = connection.memberships;
    if (left.length === 0) return;
    // Another list of the rest for each room would be billions of entries for one that is in 65,536.
    connection.memberships = [];
    this.#takeOut(connection, left);
  }

  /** It is out of all of them before anybody is told of the first. */
  #takeOut(connection: RoomConnection, left: readonly Membership[]): void {
    const { listeners, presence } = this.ports;
    for (const { key, room } of left) {
      const local = this.#rooms.get(key);
      local?.leave(connection);
      presence.left(connection.id, key);
      listeners.note('onLeave', connection, room);
      if (local?.members.size === 0) listeners.noteRoom('onRoomEmpty', key);
    }
    listeners.tell();
    for (const { release } of left) release();
  }

  #create(key: RoomKey, creator: string | undefined): LocalRoom {
    this.ports.limits.checkNewRoom(this.#rooms.size, creator);
    const room = new LocalRoom(key, this.ports.turn, creator);
    this.#rooms.set(key, room);
    this.ports.limits.created(room);
    return room;
  }

  #subscribe(room: LocalRoom): MaybePromise<true> {
    const { engine, settings } = this.ports;
    const subscribed = engine.subscribe(room.key, settings.ofKey(room.key).history);
    return whenThere(subscribed, (position) => {
      room.begin(position);
      // Most rooms are quiet and many: none has to keep the promise of its beginning.
      return (room.subscribed = true);
    });
  }

  #release(room: LocalRoom): void {
    room.holds -= 1;
    if (room.holds > 0) return;
    const { wheel, clock, roomIdleMs } = this.ports;
    // Nobody was in: there is nobody to come back.
    if (roomIdleMs > 0 && room.isKnown)
      room.idle = wheel.add(clock.elapsed() + roomIdleMs, () => this.#destroy(room));
    else this.#destroy(room);
  }

  #destroy(room: LocalRoom): void {
    const { limits, listeners, engine } = this.ports;
    this.#rooms.delete(room.key);
    limits.destroyed(room);
    // Called now and not in a later turn: a newcomer may subscribe the room again before this one has ended.
    listeners.attempt(
      () => engine.unsubscribe(room.key),
      'The engine could not unsubscribe a room',
    );
  }
}
