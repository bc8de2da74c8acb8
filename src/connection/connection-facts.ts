import type { GatewayRules } from '../admission/admission.js';
import type { RoomId } from '../admission/room-id.js';
import type { ConnectionInit, Membership } from './connection-ports.js';
import type { HandlerTable } from './handler-table.js';
import type { Strikes } from './strikes.js';

/** What is known about a connection from its first frame to its last. */
export abstract class ConnectionFacts {
  /** A random UUID, ours; safe to log. */
  readonly id: string;
  /** The address of the peer; undefined when the socket has none. */
  readonly ip: string | undefined;
  /** Those request headers that `carriedHeaders` lists; never a credential. */
  readonly headers: Readonly<Record<string, string>>;
  /** The room of its URL. */
  readonly roomId: RoomId;
  /** @internal What its gateway asks of those who come in. */
  readonly rules: GatewayRules;
  /** @internal */
  readonly table: HandlerTable;
  /** @internal */
  paidAt = 0;
  /** @internal */
  strikes: Strikes | undefined;
  /** @internal The rooms that it is in; another list after each change. */
  memberships: readonly Membership[] = [];
  /** @internal Grows with every change of its rights; an answer asked for before is stale. */
  generation = 0;
  /** @internal Grows when all its rights are decided anew; a room that it joins or leaves by itself changes nothing about the others. */
  decisions = 0;

  constructor(init: ConnectionInit) {
    this.id = init.id;
    this.ip = init.ip;
    this.headers = init.headers;
    this.roomId = init.roomId;
    this.rules = init.rules;
    this.table = init.table;
  }

  /** The name that all rooms of this connection have. */
  get roomName(): string {
    return this.rules.roomName;
  }
}
