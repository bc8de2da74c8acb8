import type { ModulesContainer } from '@nestjs/core';
import { GATEWAY_METADATA, GATEWAY_OPTIONS, PORT_METADATA } from '@nestjs/websockets/internal';
import { parsePattern } from './adapter/request-target.js';
import { isRoomName } from './admission/room-id.js';
import type { GatewayHooks, HandlerInfo } from './connection/handler-table.js';
import { ClaimsGuard } from './gateway/claims.guard.js';
import { hasHook } from './gateway/connect-hook.js';
import { isScope } from './gateway/require.decorator.js';
import type { RoomGatewayMetadata } from './gateway/room-gateway.decorator.js';
import { ROOM_GATEWAY_METADATA } from './roomgate.constants.js';
import { RoomgateError } from './roomgate.errors.js';
import { conflict, readHandlers } from './roomgate.handlers.js';
import { quote } from './roomgate.rules.js';

type GatewayClass = new (...args: never[]) => object;

/** One gateway path and the classes behind it. */
export interface GatewayPlan {
  readonly metadata: RoomGatewayMetadata;
  readonly classes: readonly GatewayClass[];
  readonly handlers: ReadonlyMap<string, HandlerInfo>;
  readonly hooks: GatewayHooks;
}

/**
 * Finds the gateways of the app, before Nest binds them, and refuses what would leave a door open: two doors to one path, a
 * plain gateway that nobody listed, a room gateway with a port of its own.
 * @throws RoomgateError `gateway_conflict` or `invalid_options`, naming the class.
 */
export function planGateways(
  modules: ModulesContainer,
  allowPlain: readonly unknown[],
): ReadonlyMap<string, GatewayPlan> {
  const plans = new Map<string, GatewayPlan>();
  for (const gateway of findGateways(modules)) {
    const metadata = Reflect.getMetadata(ROOM_GATEWAY_METADATA, gateway) as
      RoomGatewayMetadata | undefined;
    if (!metadata) {
      if (allowPlain.includes(gateway)) continue;
      conflict(
        `${gateway.name} is a plain @WebSocketGateway, which nobody guards. Make it a @RoomGateway, or list it in the option "allowPlainGateways".`,
      );
    }
    checkGateway(gateway, metadata);
    const present = plans.get(metadata.path);
    plans.set(metadata.path, present ? merge(present, gateway, metadata) : plan(gateway, metadata));
  }
  checkNames([...plans.values()]);
  return plans;
}

function findGateways(modules: ModulesContainer): GatewayClass[] {
  const found: GatewayClass[] = [];
  for (const { providers } of modules.values()) {
    for (const { metatype, isNotMetatype } of providers.values()) {
      if (isNotMetatype || !metatype || !Reflect.hasMetadata(GATEWAY_METADATA, metatype)) continue;
      if (found.includes(metatype as GatewayClass))
        conflict(
          `${metatype.name} is provided by two modules, so every message would be handled twice. Export it from one of them.`,
        );
      found.push(metatype as GatewayClass);
    }
  }
  return found;
}

function checkGateway(
  gateway: GatewayClass,
  { path, rooms, scope, policy, guard }: RoomGatewayMetadata,
): void {
  const options = (Reflect.getMetadata(GATEWAY_OPTIONS, gateway) ?? {}) as {
    path?: string;
    roomGateway?: unknown;
  };
  const port = Reflect.getMetadata(PORT_METADATA, gateway) as number | undefined;
  if (port || options.roomGateway === undefined || options.path !== path)
    conflict(
      `${gateway.name} has @WebSocketGateway besides @RoomGateway. A room gateway runs on the app's own port and needs only @RoomGateway.`,
    );
  if (typeof path !== 'string' || !parsePattern(path))
    invalid(
      `Expected the path of ${gateway.name} to be literal segments and one ":room" such as "/orders/:room", got ${quote(path)}.`,
    );
  if (!isRoomName(rooms))
    invalid(
      `Expected "rooms" of ${gateway.name} to be a name of lower-case letters, digits, "-" and "_", got ${quote(rooms)}.`,
    );
  if (scope !== undefined && !(typeof scope === 'string' && scope.split(' ').every(isScope)))
    invalid(
      `Expected "scope" of ${gateway.name} to be scopes separated by spaces, got ${quote(scope)}.`,
    );
  if (guard !== undefined && guard !== ClaimsGuard && !(guard.prototype instanceof ClaimsGuard))
    invalid(
      `Expected "guard" of ${gateway.name} to extend ClaimsGuard, which it takes the place of.`,
    );
  if (policy !== undefined && typeof policy !== 'function')
    invalid(`Expected "policy" of ${gateway.name} to be a class that the app provides.`);
}

function plan(gateway: GatewayClass, metadata: RoomGatewayMetadata): GatewayPlan {
  return {
    metadata,
    classes: [gateway],
    handlers: readHandlers(gateway),
    hooks: readHooks(gateway.prototype as object),
  };
}

function readHooks(prototype: object): GatewayHooks {
  const connects = hasHook(prototype, 'handleConnection');
  return { connect: connects ? 1 : 0, any: connects || hasHook(prototype, 'handleDisconnect') };
}

function merge(
  present: GatewayPlan,
  gateway: GatewayClass,
  metadata: RoomGatewayMetadata,
): GatewayPlan {
  const names = `${present.classes.map(({ name }) => name).join(', ')} and ${gateway.name}`;
  const keys = ['rooms', 'policy', 'scope', 'guard'] as const;
  if (keys.some((key) => present.metadata[key] !== metadata[key]))
    conflict(
      `${names} share the path "${metadata.path}" but not their options, so a client admitted by one would reach the other.`,
    );
  const { handlers, hooks } = plan(gateway, metadata);
  const repeated = [...handlers.keys()].find((event) => present.handlers.has(event));
  if (repeated !== undefined)
    conflict(
      `${names} share the path "${metadata.path}" and both handle the event ${quote(repeated)}.`,
    );
  return {
    metadata,
    classes: [...present.classes, gateway],
    handlers: new Map([...present.handlers, ...handlers]),
    hooks: {
      connect: present.hooks.connect + hooks.connect,
      any: present.hooks.any || hooks.any,
    },
  };
}

function checkNames(plans: readonly GatewayPlan[]): void {
  for (const [index, { metadata, classes }] of plans.entries()) {
    const other = plans
      .slice(0, index)
      .find((earlier) => earlier.metadata.rooms === metadata.rooms);
    if (!other) continue;
    const isNamed = metadata.isNamed && other.metadata.isNamed;
    if (
      isNamed &&
      other.metadata.policy === metadata.policy &&
      other.metadata.scope === metadata.scope
    )
      continue;
    conflict(
      `${other.classes[0]?.name} and ${classes[0]?.name} both serve rooms named "${metadata.rooms}". Name them with @RoomGateway(path, { rooms }); two paths share a name only with the same policy and scope.`,
    );
  }
}

function invalid(message: string): never {
  throw new RoomgateError('invalid_options', message);
}
