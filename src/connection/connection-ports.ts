import type { GatewayRules } from '../admission/admission.js';
import type { Principal } from '../admission/principal.js';
import type { RoomId, RoomKey } from '../admission/room-id.js';
import type { RoomRights } from '../admission/room-policy.js';
import type { Clock } from '../roomgate.clock.js';
import type { BacklogLimits } from './backlog.js';
import type { RoomConnection } from './connection.js';
import type { HandlerTable } from './handler-table.js';
import type { Message } from './message.js';
import type { LifetimeRules } from './lifetime.js';
import type { Turn } from './turn.js';

/** A connection in a room. */
export interface Membership {
  readonly key: RoomKey;
  readonly room: RoomId;
  rights: RoomRights;
  /** The connection that its client had before, by its own account: what was said to all but that one is not for it. */
  readonly former?: string;
  /** Lets go of the engine subscription the membership holds. */
  readonly release: () => void;
}

/** What all connections of a node share. */
export interface ConnectionPorts extends BacklogLimits {
  readonly clock: Clock;
  readonly lifetime: LifetimeRules;
  readonly turn: Turn;
  readonly maxInboxMessages: number;
  /** Whether no connection is live, because revocations may be missing. */
  isMuted(): boolean;
  /** Compares what is sent with the schema declared for its event; does nothing in strict mode. @throws RoomgateError `invalid_data` */
  checkEvent(roomName: string, event: string, data: unknown): void;
  /** A hook of the application failed. */
  report(hook: string, error: unknown): void;
  /** The client has begun to say something, for the first time. */
  talks(connection: RoomConnection): void;
  /** Takes a frame that arrived; the gateway stage. */
  receive(connection: RoomConnection, bytes: Buffer, isBinary: boolean): void;
  /** Handles one message of the inbox; settles when the next may follow. */
  handle(connection: RoomConnection, message: Message): Promise<void> | undefined;
  /** The connection is being closed: leave its rooms. */
  leave(connection: RoomConnection): void;
  /** The connection is gone: leave its rooms, forget it. The code is the other side's. */
  closed(connection: RoomConnection, code: number): void;
}

export interface EndOptions {
  /** Forgets what waits to be read. */
  readonly drop?: boolean;
  /** When to come back. */
  readonly retryAfterMs?: number;
}

export interface ConnectionInit {
  readonly id: string;
  readonly ip: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly principal: Principal;
  readonly roomId: RoomId;
  readonly table: HandlerTable;
  readonly rules: GatewayRules;
}
