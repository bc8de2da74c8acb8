import {
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  SetMetadata,
} from '@nestjs/common';
import { SubscribeMessage } from '@nestjs/websockets';
import type { Principal } from '../admission/principal.js';
import type { RoomConnection } from '../connection/connection.contract.js';
import { BINARY_EVENT } from '../connection/message.js';
import {
  BINARY_METADATA,
  CLAIMS_METADATA,
  SCOPE_METADATA,
  UNORDERED_METADATA,
} from '../core/constants.js';
import { RoomgateError } from '../core/errors.js';
import { contextOf, type MessageContext } from './message-context.js';

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

/**
 * The principal needs all of these scopes (RFC 6749 §3.3) for the event, or for every event of the class; what class and
 * handler require, and parent classes, is added up; a method that overrides another has only its own. `@RequireScope('orders:write')`
 * @throws RoomgateError `invalid_options` when one is not a scope.
 */
export function RequireScope(...scopes: string[]): MethodDecorator & ClassDecorator {
  const bad = scopes.find((scope) => !isScope(scope));
  if (bad !== undefined || scopes.length === 0)
    throw new RoomgateError(
      'invalid_options',
      'Expected @RequireScope to name scopes without spaces, quotes and backslashes.',
    );
  return addMetadata(SCOPE_METADATA, scopes);
}

/**
 * The principal's claims have to satisfy the condition, which must answer exactly true. Several conditions, and those of class
 * and handler, all have to hold. `@RequireClaims((claims) => claims.plan === 'pro')`
 */
export function RequireClaims(
  ...conditions: ((claims: Principal['claims']) => boolean)[]
): MethodDecorator & ClassDecorator {
  return addMetadata(CLAIMS_METADATA, conditions);
}

/** Messages of this event may be handled beside others of their connection instead of in order. */
export function Unordered(): MethodDecorator {
  return SetMetadata(UNORDERED_METADATA, true);
}

/** To what is there already, of another decorator or a parent class: `SetMetadata` would replace it, and a requirement be lost. */
function addMetadata(key: string, items: readonly unknown[]): MethodDecorator & ClassDecorator {
  return (target: object, _name?: unknown, descriptor?: PropertyDescriptor): void => {
    const holder = (descriptor?.value ?? target) as object;
    const present = (Reflect.getMetadata(key, holder) ?? []) as unknown[];
    Reflect.defineMetadata(key, [...present, ...items], holder);
  };
}

/** A scope token of RFC 6749 §3.3; it goes into a header, so anything else could break out of it. */
export function isScope(text: string): boolean {
  return /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text);
}

/**
 * Handles the binary frames of a room gateway; its `@MessageBody()` is a `Buffer`. They are meant for the room of the URL, have
 * no id and get no `ack`: a returned `{ event, data }` is sent, and so is an `exception`. Without such a handler binary frames are
 * answered `bad_message`.
 */
export function SubscribeBinary(): MethodDecorator {
  return applyDecorators(SubscribeMessage(BINARY_EVENT), SetMetadata(BINARY_METADATA, true));
}
