import { type RoomId, type RoomKey, splitRoomKey } from '../admission/room-id.js';
import type { MaybePromise } from '../admission/token-verifier.js';
import type { RoomConnection } from '../connection/connection.contract.js';
import type { ServerConnection } from '../connection/connection.js';
import type { Turn } from '../connection/outbox.js';
import type { Membership } from '../connection/ports.js';
import type { TimingWheel } from '../connection/timing-wheel.js';
import type { Clock } from '../core/clock.js';
import { RoomgateError } from '../core/errors.js';
import { KeyedCounter } from '../core/keyed-counter.js';
import { isLater, whenThere } from '../core/maybe-promise.js';
import type { Position, RoomEngine } from './engine/engine.js';
import { LocalRoom } from './local-room.js';
import type { Presence } from './presence.js';
import type { SettingsOfRooms } from './room-settings.js';

/**
 * Who is in which room on this node: the index from rooms to connections; its other way is `connection.memberships`. Keeps
 * the engine subscribed to exactly those rooms that somebody is in, is about to enter, or has just left.
 */
export class Memberships {
  readonly #rooms = new Map<RoomKey, LocalRoom>();

  constructor(
    private readonly ports: {
      readonly engine: RoomEngine;
      readonly turn: Turn;
      readonly settings: SettingsOfRooms;
      readonly limits: RoomLimits;
      readonly listeners: RoomListeners;
      readonly presence: Pick<Presence, 'joined' | 'left'>;
      readonly wheel: TimingWheel;
      readonly clock: Clock;
      readonly roomIdleMs: number;
    },
  ) {}

  get size(): number {
    return this.#rooms.size;
  }

  get(key: RoomKey): LocalRoom | undefined {
    return this.#rooms.get(key);
  }

  /** Where the room has got to here, if its members may come back to a position. */
  positionIn(key: RoomKey): Position | undefined {
    return this.ports.settings.ofKey(key).history && this.get(key)?.position;
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
  join(connection: ServerConnection, membership: Membership, entered?: () => void): void {
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

  leave(connection: ServerConnection, key: RoomKey): void {
    const { memberships } = connection;
    const left = memberships.find((held) => held.key === key);
    if (!left) return;
    connection.memberships = memberships.filter((held) => held !== left);
    this.#takeOut(connection, [left]);
  }

  /** It stays a member, but nobody sees it as present any more. */
  absent(connection: ServerConnection): void {
    for (const { key } of connection.memberships) this.ports.presence.left(connection.id, key);
  }

  leaveAll(connection: ServerConnection): void {
    const left = connection.memberships;
    if (left.length === 0) return;
    // Another list of the rest for each room would be billions of entries for one that is in 65,536.
    connection.memberships = [];
    this.#takeOut(connection, left);
  }

  /** It is out of all of them before anybody is told of the first. */
  #takeOut(connection: ServerConnection, left: readonly Membership[]): void {
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

/** How many rooms there may be on a node, and members in each. Nobody fills the memory with rooms, and none fills a room for all. */
export class RoomLimits {
  readonly #created = new KeyedCounter();

  constructor(
    private readonly settings: SettingsOfRooms,
    private readonly limits: { readonly maxRooms: number; readonly maxRoomsPerSubject: number },
  ) {}

  /** @throws RoomgateError `too_many_rooms` */
  checkNewRoom(rooms: number, creator: string | undefined): void {
    if (rooms >= this.limits.maxRooms)
      throw new RoomgateError('too_many_rooms', 'There are as many rooms as maxRooms allows.');
    if (creator !== undefined && this.#created.of(creator) >= this.limits.maxRoomsPerSubject)
      throw new RoomgateError(
        'too_many_rooms',
        'There are as many rooms of one subject as maxRoomsPerSubject allows.',
      );
  }

  /** Who waits at the door counts too: all of them may get in. @throws RoomgateError `room_full` */
  checkNewMember(key: RoomKey, holds: number): void {
    if (holds >= this.settings.ofKey(key).maxMembers)
      throw new RoomgateError('room_full', 'The room has as many members as it may have.');
  }

  created({ creator }: LocalRoom): void {
    if (creator !== undefined) this.#created.add(creator);
  }

  destroyed({ creator }: LocalRoom): void {
    if (creator !== undefined) this.#created.remove(creator);
  }
}

/**
 * Told of rooms and members of this node, when it has happened and in that order: what one of them does about it, the others hear
 * of behind it. What it throws is logged and changes nothing.
 */
export interface MembershipListener {
  onJoin?(connection: RoomConnection, room: RoomId): unknown;
  onLeave?(connection: RoomConnection, room: RoomId): unknown;
  /** The first member joined a room that this node did not have. */
  onRoomCreated?(roomName: string, room: RoomId): unknown;
  /** The last member left; `roomIdleMs` later, unless somebody came, the node forgets the room. */
  onRoomEmpty?(roomName: string, room: RoomId): unknown;
}

interface Noted {
  readonly what: keyof MembershipListener;
  readonly tell: (listener: MembershipListener) => unknown;
}

/**
 * Calls the listeners of the application, whose faults are no reason to stop. What happens is noted, and then told to all before
 * what came of it: where the first one closes whoever joins, the second would hear of the leave before the join.
 */
export class RoomListeners {
  readonly #listeners = new Set<MembershipListener>();
  #noted: Noted[] = [];
  #isTelling = false;

  constructor(private readonly warn: (line: string, error: unknown) => void) {}

  /** Returns how to stop listening. */
  add(listener: MembershipListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** For `tell`, which has to follow. Nothing is made of it when nobody listens. */
  note(what: 'onJoin' | 'onLeave', connection: ServerConnection, room: RoomId): void {
    if (this.#listeners.size > 0)
      this.#noted.push({ what, tell: (listener) => listener[what]?.(connection, room) });
  }

  /** @see RoomListeners.note */
  noteRoom(what: 'onRoomCreated' | 'onRoomEmpty', key: RoomKey): void {
    if (this.#listeners.size === 0) return;
    const [name, id] = splitRoomKey(key);
    this.#noted.push({ what, tell: (listener) => listener[what]?.(name, id) });
  }

  /** Tells what was noted. Asked to by a listener, it leaves that to the one that is telling. */
  tell(): void {
    if (this.#isTelling || this.#noted.length === 0) return;
    this.#isTelling = true;
    try {
      // An array that grows while it is read is read to its new end.
      for (const noted of this.#noted) this.#tellAll(noted);
    } finally {
      this.#noted = [];
      this.#isTelling = false;
    }
  }

  /** Somebody else's code, which may throw or reject. */
  attempt(act: () => unknown, line: string): void {
    const failed = (error: unknown): void => this.warn(line, error);
    try {
      Promise.resolve(act()).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #tellAll({ what, tell }: Noted): void {
    for (const listener of this.#listeners)
      this.attempt(() => tell(listener), `A membership listener's ${what} failed`);
  }
}
