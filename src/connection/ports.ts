import type { GatewayRules } from '../admission/admission.js';
import type { Principal } from '../admission/principal.js';
import type { RoomId, RoomKey } from '../admission/room-id.js';
import type { RoomRights } from '../admission/room-policy.js';
import type { Clock } from '../core/clock.js';
import type { RoomgateOptions } from '../module/options.js';
import type { ConnectionAudit } from './audit.js';
import type { ServerConnection } from './connection.js';
import type { ControlQueue } from './control-queue.js';
import type { HandlerTable } from './handlers.js';
import type { Heartbeat } from './heartbeat.js';
import type { Message } from './message.js';
import type { Turn } from './outbox.js';
import type { RateWarnings, Strikes } from './rate-limit.js';
import type { Registry } from './registry.js';
import type { SlowConsumerRule } from './slow-consumer.js';
import type { TimingWheel } from './timing-wheel.js';

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

/** Why a request came to its end before its handler did: its client is gone, it took too long, or its right was lost. */
export type RequestEnd = 'peer_gone' | 'handler_timeout' | 'right_lost';

/** A message of a client that is being handled or answered, as its connection sees it. */
export interface PendingRequest {
  /** The code of the `exception` to answer when what let it in does not hold any more; undefined while it does. */
  refusal(): string | undefined;
  /** Bytes of it may not be handed over, for this reason. Returns the text that takes their place, if any. */
  lost(code: string): string | undefined;
  /** Rights have changed: ends it if its own has ended. */
  askAgain(): void;
  /** Ends it. */
  abort(end: RequestEnd): void;
}

/** Hooks of a gateway that Nest calls with a connection. */
export type HookName = 'handleConnection' | 'handleDisconnect';

/** What all rooms of one connection may hold together: a member that reads nothing costs no more for being in many. */
export interface HeldBudget {
  bytes: number;
  readonly maxBytes: number;
}

/** A room whose member is given what it missed. */
export interface CatchUpRun {
  readonly run: () => void;
  isBegun: boolean;
}

/** What stages keep of one connection. Most connections need none of it, so it is made with the first part that one needs. */
export interface ConnectionState {
  /** Bad messages. */
  strikes?: Strikes;
  rateWarnings?: RateWarnings;
  isRefreshing?: boolean;
  refreshFailures?: Strikes;
  controls?: ControlQueue;
  /** The rooms that it is given, the first of them now, and what they hold back. */
  catchUp?: HeldBudget & { readonly runs: CatchUpRun[] };
  /** The gateways whose hook runs. */
  hooks?: Readonly<Record<HookName, Set<unknown>>>;
}

/** What all connections of a node share. */
export interface ConnectionPorts extends Pick<
  RoomgateOptions,
  | 'closeTimeoutMs'
  | 'expiryWarningMs'
  | 'handlerTimeoutMs'
  | 'maxConnectionMs'
  | 'maxInboxMessages'
  | 'maxOutboxBytes'
  | 'refreshGraceMs'
> {
  readonly clock: Clock;
  /** Deadlines by `clock.elapsed()`. */
  readonly wheel: TimingWheel;
  /** Deadlines by `clock.now()`, which the expiry of tokens is compared with. */
  readonly wallWheel: TimingWheel;
  readonly turn: Turn;
  /** Milliseconds without progress after which a reader counts as stalled. */
  readonly slowReaderMs: number;
  readonly slowConsumerRule: (key: RoomKey) => SlowConsumerRule;
  readonly registry: Registry;
  readonly heartbeat: Heartbeat;
  readonly audit: ConnectionAudit;
  /** On while no connection is live, because revocations may be missing. Absent where they are closed then. */
  readonly mute: { isOn(): boolean } | undefined;
  readonly settings: {
    /** Compares what is sent with the schema declared for its event; does nothing in strict mode. @throws RoomgateError `invalid_data` */
    checkEvent(roomName: string, event: string, data: unknown): void;
  };
  /** A hook, a handler or a filter of the application failed. */
  report(what: string, error: unknown, connectionId?: string): void;
  readonly gateway: {
    /** Takes a frame that arrived. */
    receive(connection: ServerConnection, bytes: Buffer, isBinary: boolean): void;
    /** Handles one message of the inbox; settles when the next may follow. */
    handle(connection: ServerConnection, message: Message): Promise<void> | undefined;
  };
  readonly memberships: {
    /** The connection accepts no more messages: it is not present any more, though still in its rooms. */
    absent(connection: ServerConnection): void;
  };
  readonly authority: {
    /** Nothing of the connection is handled any more: it leaves its rooms. */
    leaveAll(connection: ServerConnection): void;
  };
}

export interface EndOptions {
  /** Forgets what waits to be read. */
  readonly drop?: boolean;
  /** When to come back. */
  readonly retryAfterMs?: number | undefined;
  /** Says goodbye only when the messages that were accepted are answered. */
  readonly isLast?: boolean;
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
