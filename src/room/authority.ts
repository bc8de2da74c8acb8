import type { Admission, Admitted } from '../admission/admission.js';
import type { AuditReason } from '../admission/audit.js';
import { Refusal } from '../admission/refusals.js';
import { narrower, notBefore, roomRights } from '../admission/room-admission.js';
import type { RoomKey } from '../admission/room-id.js';
import type { RoomRights } from '../admission/room-policy.js';
import type { ConnectionAudit } from '../connection/audit.js';
import type { ServerConnection } from '../connection/connection.js';
import { encodeMessage } from '../connection/message.js';
import type { Membership } from '../connection/ports.js';
import type { Registry } from '../connection/registry.js';
import { CLOSE_CODES, type CloseRow } from '../connection/system-messages.js';
import { BoundedCache } from '../core/bounded-cache.js';
import type { Clock } from '../core/clock.js';
import { askEach } from '../core/maybe-promise.js';
import type { Memberships } from './membership.js';
import type { Recovery, Since } from './recovery.js';

/** Connections: a policy that asks a database must not be asked by all of them in one turn. */
const ASKED_AT_ONCE = 100;

/** Closes that take a room, or everything, away from the subject. */
const LOSSES: ReadonlySet<unknown> = new Set([
  CLOSE_CODES.roomForbidden,
  CLOSE_CODES.roomClosed,
  CLOSE_CODES.signedOut,
]);

/** What became of those who were asked about. */
export interface Reauthorized {
  readonly kept: number;
  readonly left: number;
}

/** Rights that change while a connection is open: a room that is no longer granted is left, before anything else is delivered. */
export class Authority {
  /** Who is at the door with an answer from before rights were asked for anew or taken has to come again. */
  readonly generations = new Generations();
  readonly #lost = new LostRights();

  constructor(
    private readonly admission: () => Admission,
    private readonly memberships: Memberships,
    private readonly recovery: Recovery,
    private readonly audit: ConnectionAudit,
    private readonly within: { readonly clock: Clock; readonly deadlineMs: number },
    private readonly isStale: () => boolean,
    private readonly registry: Pick<Registry, 'ofSubject'>,
  ) {}

  /** Makes a connection the member it was admitted as; `since`: up to where its client has the room from before. */
  enter(connection: ServerConnection, admitted: Admitted, since?: Since): void {
    const { key, room, release } = admitted;
    const rights = this.#sinceLost(admitted.rights, key, connection.principal.identity);
    connection.generation += 1;
    const membership = { key, room, rights, former: since?.connectionId, release };
    // Before listeners say something to the room, which is behind what was missed.
    const entered = since && (() => this.recovery.begin(connection, key, since, true));
    this.memberships.join(connection, membership, entered);
  }

  /** The member goes by itself. */
  leave(connection: ServerConnection, key: RoomKey): void {
    connection.generation += 1;
    this.memberships.leave(connection, key);
    connection.askAgain();
  }

  /**
   * The connection is closing, so it leaves its rooms. A close that takes rights away ends the past of these rooms for the
   * subject, unless another of its connections still has the room.
   */
  leaveAll(connection: ServerConnection): void {
    const { memberships: left, principal } = connection;
    this.memberships.leaveAll(connection);
    if (!LOSSES.has(connection.ended)) return;
    const others = [...this.registry.ofSubject(principal.identity)];
    for (const { key } of left)
      if (!others.some((other) => other.memberships.some((held) => held.key === key)))
        this.#lost.lost(key, principal.identity);
  }

  /** What the subject was granted before ends in every room, whether it is connected or not. */
  lostEverywhere(identity: string): void {
    this.#lost.lostEverywhere(identity);
  }

  /** Takes the members out of a room, which for those who have no other is the end. */
  close(connections: readonly ServerConnection[], key: RoomKey): void {
    this.generations.raise(key);
    for (const connection of connections) {
      const membership = connection.memberships.find((held) => held.key === key);
      // A listener may have taken it out meanwhile.
      if (!membership) continue;
      if (connection.memberships.length === 1)
        connection.end(CLOSE_CODES.roomClosed, { drop: true });
      else this.#leave(connection, membership, CLOSE_CODES.roomClosed, 'room_closed');
    }
  }

  /** Gives a member new rights, room by room. One that is left without a room is closed. */
  change(connection: ServerConnection, rights: ReadonlyMap<RoomKey, RoomRights | Refusal>): void {
    const { identity } = connection.principal;
    connection.generation += 1;
    connection.decisions += 1;
    for (const membership of connection.memberships) {
      const { key } = membership;
      const decided = rights.get(key);
      if (decided instanceof Refusal)
        this.#leave(connection, membership, CLOSE_CODES.roomForbidden, decided.reason);
      else if (decided) membership.rights = this.#sinceLost(decided, key, identity);
    }
    connection.askAgain();
  }

  /**
   * Asks the policy anew about the rooms of these connections; without an answer nobody stays. While revocations may be missing
   * rights are only taken, none given.
   */
  async reauthorize(
    connections: readonly ServerConnection[],
    key?: RoomKey,
  ): Promise<Reauthorized> {
    this.generations.raise(key);
    const results = await askEach(connections, ASKED_AT_ONCE, (connection) =>
      this.#reauthorize(connection, key),
    );
    const left = results.filter((stays) => !stays).length;
    return { kept: results.length - left, left };
  }

  async #reauthorize(connection: ServerConnection, only: RoomKey | undefined): Promise<boolean> {
    while (connection.isActive) {
      const { decisions, principal, rules } = connection;
      const { clock, deadlineMs } = this.within;
      const asked = connection.memberships.filter(({ key }) => only === undefined || key === only);
      const answers = await Promise.all(
        asked.map(async (membership) => {
          const { room } = membership;
          const answer = this.admission().rightsIn(principal, { room, rules });
          const late = new Refusal('unavailable', 'verdict_timeout');
          return [membership, await clock.within(answer, deadlineMs, late)] as const;
        }),
      );
      // It has gone, or a refresh or another reauthorization was decided meanwhile: this answer is stale.
      if (!connection.isActive || connection.decisions !== decisions) continue;
      // Of a room that it left and joined again meanwhile the answer is older than the one it was let in with.
      const held = answers.filter(([membership]) => connection.memberships.includes(membership));
      const given = this.isStale() ? held.map(withoutMore) : held;
      this.change(connection, new Map(given.map(([{ key }, decided]) => [key, decided])));
      return answers.every(([, decided]) => !(decided instanceof Refusal));
    }
    return false;
  }

  #sinceLost(rights: RoomRights, key: RoomKey, identity: string): RoomRights {
    const time = this.#lost.notBefore(key, identity, this.within.clock.now());
    if (time === undefined) return rights;
    return roomRights({ ...rights, history: notBefore(rights.history, time) });
  }

  #leave(
    connection: ServerConnection,
    membership: Membership,
    row: CloseRow,
    reason: AuditReason,
  ): void {
    // A listener of the room before may have taken it out of this one too.
    if (!connection.memberships.includes(membership)) return;
    const { key, room } = membership;
    this.#lost.lost(key, connection.principal.identity);
    connection.generation += 1;
    connection.outbox.drop(key);
    this.memberships.leave(connection, key);
    this.audit.left(connection, reason);
    connection.askAgain();
    connection.sendText(encodeMessage('room.left', { room, code: row.code }), true);
    if (connection.memberships.length === 0) connection.end(row, { drop: true });
  }
}

type Answer = readonly [Membership, RoomRights | Refusal];

function withoutMore([membership, decided]: Answer): Answer {
  const isLost = decided instanceof Refusal;
  return [membership, isLost ? decided : narrower(membership.rights, decided)];
}

const MAX_ENTRIES = 10_000;

/**
 * Remembers subjects that lost a room. When such a subject is let in again, it may not read what was published before that
 * moment, whatever the policy says of history. Per node, the latest 10,000.
 */
export class LostRights {
  /** When they were let in again; undefined while they are not. */
  readonly #again = new BoundedCache<{ since?: number }>(MAX_ENTRIES);

  lost(key: RoomKey, identity: string): void {
    this.#again.set(`${key} ${identity}`, {});
  }

  /** In every room, also in those that the subject is not in at the moment. */
  lostEverywhere(identity: string): void {
    this.#again.set(identity, {});
  }

  /** The time from which on the room's past is for somebody who enters now; undefined when nothing was lost. */
  notBefore(key: RoomKey, identity: string, now: number): number | undefined {
    // Everybody who enters is asked about, and hardly anybody ever lost anything.
    if (this.#again.size === 0) return undefined;
    const entries = [this.#again.get(`${key} ${identity}`), this.#again.get(identity)];
    // In this millisecond something may have been said before.
    const times = entries.flatMap((entry) => (entry ? [(entry.since ??= now + 1)] : []));
    return times.length > 0 ? Math.max(...times) : undefined;
  }
}

const MAX_ROOMS = 10_000;

/**
 * When rights were last asked for anew or taken, in each room and everywhere: who has an answer from before, at the door or in a
 * cache, has to ask again. Of many rooms the older half is forgotten, and taken for as new as the newest of them.
 */
export class Generations {
  #count = 0;
  /** No room is older. */
  #floor = 0;
  #rooms = new Map<RoomKey, number>();

  /** What was answered in the room until now is stale; without a room, everywhere. */
  raise(key?: RoomKey): void {
    this.#count += 1;
    if (key === undefined) {
      this.#rooms.clear();
      this.#floor = this.#count;
      return;
    }
    this.#rooms.delete(key);
    this.#rooms.set(key, this.#count);
    if (this.#rooms.size > MAX_ROOMS) this.#forget();
  }

  of(key: RoomKey): number {
    return this.#rooms.get(key) ?? this.#floor;
  }

  #forget(): void {
    const [...rooms] = this.#rooms;
    this.#floor = rooms[MAX_ROOMS / 2]?.[1] ?? this.#count;
    this.#rooms = new Map(rooms.slice(MAX_ROOMS / 2 + 1));
  }
}
