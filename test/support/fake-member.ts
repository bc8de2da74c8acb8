import { randomUUID } from 'node:crypto';
import type { RoomId, RoomKey } from '../../src/admission/room-id.js';
import { roomRights } from '../../src/admission/room-admission.js';
import type { ServerConnection } from '../../src/connection/connection.js';
import type { ConnectionState, Membership } from '../../src/connection/ports.js';
import type { Turn } from '../../src/connection/outbox.js';
import type { Memberships } from '../../src/room/membership.js';
import { principalOf } from './principal.js';
import { FakeOwner } from './outbox-owner.js';

const RIGHTS = roomRights({ publish: true, presence: true, history: true });

/** The part of a connection that rooms see. */
export class FakeMember extends FakeOwner {
  readonly memberships: Membership[] = [];
  readonly principal = principalOf();
  readonly state: ConnectionState = {};

  constructor(turn?: Turn, id: string = randomUUID()) {
    super(turn, id);
  }

  get asConnection(): ServerConnection {
    return this as unknown as ServerConnection;
  }

  sendText(text: string, isControl: boolean): void {
    this.send(text, isControl);
  }

  /** Holds the room, then becomes a member of it. */
  async join(rooms: Memberships, key: RoomKey): Promise<void> {
    const release = await rooms.hold(key);
    const room = key.slice(key.indexOf('/') + 1) as RoomId;
    rooms.join(this.asConnection, { key, room, rights: RIGHTS, release });
  }

  /** Closes in the ordinary way: what was sent so far is handed over, then it leaves. */
  close(rooms: Memberships): void {
    this.outbox.finish(() => undefined);
    this.isOpen = false;
    rooms.leaveAll(this.asConnection);
  }
}
