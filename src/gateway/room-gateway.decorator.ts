import {
  applyDecorators,
  type CanActivate,
  type Type,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { EXCEPTION_FILTERS_METADATA, GUARDS_METADATA } from '@nestjs/common/internal';
import { WebSocketGateway } from '@nestjs/websockets';
import type { RoomPolicy } from '../admission/room-policy.js';
import { ROOM_GATEWAY_METADATA } from '../core/constants.js';
import { quote, refuseUnknown } from '../core/option-rules.js';
import { ClaimsGuard } from './claims.guard.js';
import { wrapConnectHook } from './nest-patches.js';
import { RoomgateFilter } from './roomgate.filter.js';

export interface RoomGatewayOptions {
  /** The name its rooms have; rooms of different names never mix. Default `default`, which only one gateway can have. */
  readonly rooms?: string;
  /** Who may enter: a provider of the app. Default: the `RoomPolicy` of the module, the `rooms` claim of the token. */
  readonly policy?: Type<RoomPolicy>;
  /** Scopes all of which a token needs to connect, separated by spaces (RFC 6749 §3.3). Default none. */
  readonly scope?: string;
  /** The guard of every message, a subclass of `ClaimsGuard`. Default `ClaimsGuard`. */
  readonly guard?: Type<ClaimsGuard>;
}

const MEMBERS = ['rooms', 'policy', 'scope', 'guard'];

/** What `@RoomGateway` says of a class. */
export interface RoomGatewayMetadata extends RoomGatewayOptions {
  readonly path: string;
  readonly rooms: string;
  /** Whether the name was chosen, or is the default. */
  readonly isNamed: boolean;
}

/**
 * A gateway whose connections are admitted before the 101 and guarded on every message. The path is literal segments and one
 * `:room`, for example `/:room`, `/orders/:room`, `/v1/chat/:room`. Everything that must not be forgotten comes with it:
 * `ClaimsGuard` before the guards of the class, `RoomgateFilter` behind its filters, and an inbox that opens only when
 * `handleConnection` has settled.
 */
export function RoomGateway(path: string, options: RoomGatewayOptions = {}): ClassDecorator {
  // A misspelt "policy" would silently be the one of the module.
  refuseUnknown(options, MEMBERS, 'option', ` of @RoomGateway(${quote(path)})`);
  const metadata: RoomGatewayMetadata = {
    ...options,
    path,
    rooms: options.rooms ?? 'default',
    isNamed: options.rooms !== undefined,
  };
  return (target) => {
    Reflect.defineMetadata(ROOM_GATEWAY_METADATA, metadata, target);
    wrapConnectHook(target.prototype as object);
    applyDecorators(
      WebSocketGateway({ path, roomGateway: target } as never),
      prependGuard(options.guard ?? ClaimsGuard),
      prependFilter,
    )(target);
  };
}

function prependGuard(guard: Type<CanActivate>): ClassDecorator {
  return (target) => prepend(GUARDS_METADATA, guard, target, UseGuards);
}

// Nest asks filters from last to first, so the first one in the list has the last word.
function prependFilter(target: object): void {
  prepend(EXCEPTION_FILTERS_METADATA, RoomgateFilter, target, UseFilters);
}

/** `UseGuards` and `UseFilters` append; what is ours goes first, once, however often classes inherit from each other. */
function prepend<T>(
  key: string,
  item: T,
  target: object,
  use: (...items: T[]) => MethodDecorator & ClassDecorator,
): void {
  const present = ((Reflect.getMetadata(key, target) as T[] | undefined) ?? []).filter(
    (other) => other !== item,
  );
  Reflect.defineMetadata(key, [], target);
  use(item, ...present)(target as never);
}
