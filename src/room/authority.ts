import type { Admission } from '../admission/admission.js';
import type { AuditReason } from '../admission/audit-reasons.js';
import { Refusal } from '../admission/refusals.js';
import type { RoomKey } from '../admission/room-id.js';
import type { RoomRights } from '../admission/room-policy.js';
import { CLOSE_CODES } from '../connection/close-codes.js';
import type { RoomConnection } from '../connection/connection.js';
import type { ConnectionAudit } from '../connection/connection-audit.js';
import type { Membership } from '../connection/connection-ports.js';
import { encodeMessage } from '../connection/message.js';
import type { Clock } from '../roomgate.clock.js';
import type { Memberships } from './membership.js';

/** What became of those who were asked about. */
export interface Reauthorized {
  readonly kept: number;
  readonly left: number;
}

/** Rights that change while a connection is open: a room that is no longer granted is left, before anything else is delivered. */
export class Authority {
  /** Grows when rights are asked for anew or taken: who is at the door with an older answer has to come again. */
  generation = 0;

  constructor(
    private readonly admission: Admission,
    private readonly memberships: Memberships,
    private readonly audit: ConnectionAudit,
    private readonly within: { readonly clock: Clock; readonly deadlineMs: number },
  ) {}

  /** Gives a member new rights, room by room. One that is left without a room is closed. */
  change(connection: RoomConnection, rights: ReadonlyMap<RoomKey, RoomRights | Refusal>): void {
    connection.generation += 1;
    for (const membership of connection.memberships.slice()) {
      const decided = rights.get(membership.key);
      if (decided instanceof Refusal) this.#leave(connection, membership, decided.reason);
      else if (decided) membership.rights = decided;
    }
    if (connection.memberships.length === 0)
      connection.end(CLOSE_CODES.roomForbidden, { drop: true });
  }

  /** Tells of rooms in which publications were dropped while the connection was muted. */
  tellGaps(connection: RoomConnection, missed: Iterable<RoomKey>): void {
    for (const key of missed) {
      const membership = connection.memberships.find((held) => held.key === key);
      if (!membership) continue;
      const { epoch } = this.memberships.get(key) ?? {};
      connection.sendText(encodeMessage('gap', { room: membership.room, epoch }), true);
    }
  }

  /** Asks the policy anew about the rooms of these connections; without an answer nobody stays. */
  async reauthorize(connections: readonly RoomConnection[], key?: RoomKey): Promise<Reauthorized> {
    this.generation += 1;
    const results = await Promise.all(
      connections.map((connection) => this.#reauthorize(connection, key)),
    );
    const left = results.filter((stays) => !stays).length;
    return { kept: results.length - left, left };
  }

  async #reauthorize(connection: RoomConnection, only: RoomKey | undefined): Promise<boolean> {
    while (connection.isOpen) {
      const { generation, principal, rules } = connection;
      const { clock, deadlineMs } = this.within;
      const asked = connection.memberships.filter(({ key }) => only === undefined || key === only);
      const answers = await Promise.all(
        asked.map(async ({ key, room }) => {
          const answer = this.admission.rightsIn(principal, { room, rules });
          const late = new Refusal('unavailable', 'verdict_timeout');
          return [key, await clock.within(answer, deadlineMs, late)] as const;
        }),
      );
      // It has gone, or a refresh or another reauthorization was decided meanwhile: this answer is stale.
      if (!connection.isOpen || connection.generation !== generation) continue;
      const rights = new Map(answers);
      this.change(connection, rights);
      return answers.every(([, decided]) => !(decided instanceof Refusal));
    }
    return false;
  }

  #leave(connection: RoomConnection, { key, room }: Membership, reason: AuditReason): void {
    connection.outbox.drop(key);
    this.memberships.leave(connection, key);
    this.audit.left(connection, reason);
    const { code } = CLOSE_CODES.roomForbidden;
    connection.sendText(encodeMessage('room.left', { room, code }), true);
  }
}
