import { randomBytes } from 'node:crypto';
import { type RoomKey, splitRoomKey } from '../admission/room-id.js';
import type { ServerConnection } from '../connection/connection.js';
import { encodeTextFrame } from '../connection/frame.js';
import { encodeMessage } from '../connection/message.js';
import type { Clock } from '../core/clock.js';
import type { PresenceChange, PresenceEntry, RoomEngine } from './engine/engine.js';
import type { LocalRoom } from './local-room.js';
import type { RoomListeners } from './membership.js';
import type { RoomSettings, SettingsOfRooms } from './room-settings.js';
import type { PresenceDescription } from './room.options.js';

const MAX_DESCRIPTION_BYTES = 4_096;

/** Tells the engine which members this node has, again and again: those of a node that died are forgotten when it says no more. */
export class Presence {
  /** What the engine was told of each connection, by room. */
  readonly #entries = new Map<RoomKey, Map<string, PresenceEntry>>();
  #cancelTimer: (() => void) | undefined;

  constructor(
    private readonly ports: {
      readonly engine: RoomEngine;
      readonly settings: SettingsOfRooms;
      readonly listeners: RoomListeners;
      readonly clock: Clock;
      readonly presenceRefreshMs: number;
      readonly presenceTtlMs: number;
    },
  ) {}

  joined(connection: ServerConnection, key: RoomKey): void {
    const { presence } = this.ports.settings.ofKey(key);
    if (!presence) return;
    const { id: connectionId, principal } = connection;
    const { identity } = principal;
    // A new name for each stay: one that could be computed from the subject could be guessed from it.
    const memberId = randomBytes(12).toString('base64url');
    const entry = { connectionId, identity, memberId, ...this.#describe(presence, connection) };
    // Describing is code of the application, which may have closed the room: nobody would say again that it left.
    if (!connection.memberships.some((held) => held.key === key)) return;
    let entries = this.#entries.get(key);
    if (!entries) this.#entries.set(key, (entries = new Map()));
    entries.set(connectionId, entry);
    const { engine, presenceTtlMs, presenceRefreshMs, clock } = this.ports;
    this.#attempt(() => engine.enter(key, entry, presenceTtlMs));
    this.#cancelTimer ??= clock.setTimer(this.#renewAll, presenceRefreshMs);
  }

  left(connectionId: string, key: RoomKey): void {
    const entries = this.#entries.get(key);
    if (!entries?.delete(connectionId)) return;
    if (entries.size === 0) this.#entries.delete(key);
    this.#attempt(() => this.ports.engine.exit(key, connectionId));
  }

  /** Tells the engine again who of this node is in the room: it may have forgotten. */
  renew(key: RoomKey): void {
    const { engine, presenceTtlMs } = this.ports;
    const entries = this.#entries.get(key);
    if (entries) this.#attempt(() => engine.renew(key, [...entries.values()], presenceTtlMs));
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#entries.clear();
  }

  readonly #renewAll = (): void => {
    const { clock, presenceRefreshMs } = this.ports;
    this.#cancelTimer = undefined;
    for (const key of this.#entries.keys()) this.renew(key);
    if (this.#entries.size > 0)
      this.#cancelTimer = clock.setTimer(this.#renewAll, presenceRefreshMs);
  };

  /** The application's own words; without them, or with too many, a member is just a member. */
  #describe(
    { describe }: NonNullable<RoomSettings['presence']>,
    { principal }: ServerConnection,
  ): PresenceDescription {
    const { listeners } = this.ports;
    let text = '{}';
    listeners.attempt(() => {
      const description = describe(principal);
      const { info, meta } = description;
      const described = JSON.stringify({ info, meta });
      if (Buffer.byteLength(described) > MAX_DESCRIPTION_BYTES)
        throw new RangeError('A presence description is too long.');
      text = described;
      // A promise says nothing here; nobody else would hear how it ends.
      return description;
    }, 'Describing a member for presence failed');
    return JSON.parse(text) as PresenceDescription;
  }

  #attempt(act: () => unknown): void {
    this.ports.listeners.attempt(act, 'The engine could not be told of presence');
  }
}

const WINDOW_MS = 250;
const MAX_MEMBERS_PER_FRAME = 50;

/**
 * Tells members who came and who went, four times a second at most: a server that restarts brings a thousand members at once,
 * and each of them would be told of each other. Who came and went in between is not told at all.
 */
export class PresenceFeed {
  #pending = new Map<LocalRoom, Map<string, PresenceChange>>();
  #interrupted = new Set<LocalRoom>();
  #cancelTimer: (() => void) | undefined;

  constructor(private readonly clock: Clock) {}

  tell(room: LocalRoom, change: PresenceChange): void {
    let changes = this.#pending.get(room);
    if (!changes) this.#pending.set(room, (changes = new Map()));
    const before = changes.get(change.memberId);
    if (before && before.kind !== change.kind) changes.delete(change.memberId);
    else changes.set(change.memberId, change);
    this.#arm();
  }

  /** Somebody may have come or gone whom nobody was told of: members have to ask anew. */
  interrupted(room: LocalRoom): void {
    this.#interrupted.add(room);
    this.#arm();
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#pending.clear();
    this.#interrupted.clear();
  }

  #arm(): void {
    this.#cancelTimer ??= this.clock.setTimer(this.#flush, WINDOW_MS);
  }

  readonly #flush = (): void => {
    this.#cancelTimer = undefined;
    const [pending, interrupted] = [this.#pending, this.#interrupted];
    this.#pending = new Map();
    this.#interrupted = new Set();
    for (const [room, changes] of pending) {
      for (const kind of ['left', 'joined'] as const)
        this.#announce(
          room,
          kind,
          [...changes.values()].filter((change) => change.kind === kind),
        );
    }
    for (const room of interrupted) this.#say(room, 'presence.gap');
  };

  #announce(room: LocalRoom, kind: PresenceChange['kind'], changes: PresenceChange[]): void {
    for (let from = 0; from < changes.length; from += MAX_MEMBERS_PER_FRAME) {
      const members = changes
        .slice(from, from + MAX_MEMBERS_PER_FRAME)
        .map(({ memberId, info }) => ({ id: memberId, info }));
      this.#say(room, `presence.${kind}`, { members });
    }
  }

  #say(room: LocalRoom, event: string, news?: object): void {
    const [, id] = splitRoomKey(room.key);
    const mayHear = ({ memberships }: ServerConnection): boolean =>
      memberships.find(({ key }) => key === room.key)?.rights.presence === true;
    room.announce(encodeTextFrame(encodeMessage(event, { room: id, ...news })), mayHear);
  }
}
