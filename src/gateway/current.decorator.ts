import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Principal } from '../admission/principal.js';
import type { RoomConnection } from '../connection/connection.js';
import type { MessageContext } from './message-context.js';

const contextOf = (context: ExecutionContext): MessageContext =>
  context.getArgByIndex<MessageContext>(2);

/** The connection a message came from: `@CurrentConnection() connection: RoomConnection`. */
export const CurrentConnection = createParamDecorator(
  (_: unknown, context: ExecutionContext): RoomConnection => contextOf(context).connection,
);

/** Who sent the message: `@CurrentPrincipal() principal: Principal`. */
export const CurrentPrincipal = createParamDecorator(
  (_: unknown, context: ExecutionContext): Principal => contextOf(context).connection.principal,
);

/** The room the message is for, with the sender's rights: `@CurrentRoom() room: Room`. */
export const CurrentRoom = createParamDecorator(
  (_: unknown, context: ExecutionContext) => contextOf(context).room,
);

/**
 * Aborted when the client is gone, the handler has taken too long, or the right of the message is lost. `signal.reason` is a
 * `RoomgateError` of the code `peer_gone`, `handler_timeout` or `right_lost`. `@MessageSignal() signal: AbortSignal`.
 */
export const MessageSignal = createParamDecorator(
  (_: unknown, context: ExecutionContext): AbortSignal => contextOf(context).signal,
);

/** The message itself, without its data: its event, id and how to answer it. `@CurrentMessage() message: MessageContext`. */
export const CurrentMessage = createParamDecorator(
  (_: unknown, context: ExecutionContext): MessageContext => contextOf(context),
);
