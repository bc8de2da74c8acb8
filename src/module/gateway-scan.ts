import type { Type } from '@nestjs/common';
import { EXCEPTION_FILTERS_METADATA, INTERCEPTORS_METADATA } from '@nestjs/common/internal';
import { MetadataScanner, type ModuleRef, type ModulesContainer } from '@nestjs/core';
import {
  GATEWAY_METADATA,
  GATEWAY_OPTIONS,
  MESSAGE_MAPPING_METADATA,
  MESSAGE_METADATA,
  PORT_METADATA,
} from '@nestjs/websockets/internal';
import { parsePattern } from '../adapter/upgrade-checks.js';
import type { RoomRoute } from '../adapter/room-server.js';
import type { GatewayRules } from '../admission/admission.js';
import { isRoomName } from '../admission/room-id.js';
import { RoomPolicy } from '../admission/room-policy.js';
import { type GatewayHooks, type HandlerInfo, HandlerTable } from '../connection/handlers.js';
import { isReserved } from '../connection/message.js';
import { BINARY_METADATA, ROOM_GATEWAY_METADATA, UNORDERED_METADATA } from '../core/constants.js';
import { RoomgateError } from '../core/errors.js';
import { quote } from '../core/option-rules.js';
import { ClaimsGuard } from '../gateway/claims.guard.js';
import {
  fillConnectHooks,
  hasHook,
  passThrough,
  wrapConnectHook,
} from '../gateway/nest-patches.js';
import { bringSchemas } from '../gateway/pipes.js';
import { isScope } from '../gateway/decorators.js';
import type { RoomGatewayMetadata } from '../gateway/room-gateway.decorator.js';
import { RoomgateFilter } from '../gateway/roomgate.filter.js';
import { wrapFilters } from '../gateway/wrapped.filter.js';
import type { RoomgateOptions } from './options.js';

export interface PolicyRoute extends RoomRoute {
  readonly rules: PolicyRules;
  readonly classes: readonly Type[];
}

/**
 * A hook that is a property of the instance is out of reach of the wrapping: it would not be awaited, and end the process when it rejects.
 * @throws RoomgateError `gateway_conflict`
 */
export function checkInstances({ classes, table }: PolicyRoute, moduleRef: ModuleRef): void {
  for (const gateway of classes) {
    const instance = findInstance(gateway, moduleRef);
    if (!instance) table.hooks = { ...table.hooks, any: true };
    for (const name of ['handleConnection', 'handleDisconnect']) {
      if (instance && Object.hasOwn(instance, name))
        throw new RoomgateError(
          'gateway_conflict',
          `${gateway.name}.${name} is a property. Write it as a method: ${name}(connection) { … }`,
        );
    }
  }
}

/** Undefined for a gateway in request scope, which has an instance per connection. */
function findInstance(gateway: Type, moduleRef: ModuleRef): object | undefined {
  try {
    return moduleRef.get<object>(gateway, { strict: false });
  } catch {
    return undefined;
  }
}

/** The rules of a gateway, whose policy is a provider of the app and so exists only when all modules do. */
class PolicyRules implements GatewayRules {
  #policy: RoomPolicy | undefined;

  constructor(
    readonly roomName: string,
    readonly scopes: readonly string[],
    private readonly own: Type<RoomPolicy> | undefined,
    private readonly fallback: RoomPolicy,
  ) {}

  /** Throws until it is resolved: nobody is admitted by a policy that is not there. */
  get policy(): RoomPolicy {
    if (!this.#policy)
      throw new RoomgateError('gateway_conflict', 'The room policy is not resolved yet.');
    return this.#policy;
  }

  /** @throws RoomgateError `gateway_conflict` when no module provides the policy. */
  resolve(moduleRef: ModuleRef): void {
    if (!this.own) {
      this.#policy = this.fallback;
      return;
    }
    let policy: unknown;
    try {
      policy = moduleRef.get(this.own, { strict: false });
    } catch (cause) {
      throw new RoomgateError(
        'gateway_conflict',
        `The policy ${this.own.name} of the rooms named "${this.roomName}" is not provided: add it to the providers of a module.`,
        { cause },
      );
    }
    if (!(policy instanceof RoomPolicy))
      throw new RoomgateError(
        'gateway_conflict',
        `The policy ${this.own.name} does not extend RoomPolicy.`,
      );
    this.#policy = policy;
  }
}

/** Every gateway path of the app with its rules and handlers. */
export function createRoutes(
  modules: ModulesContainer,
  options: RoomgateOptions,
  fallback: RoomPolicy,
): ReadonlyMap<string, PolicyRoute> {
  const routes = new Map<string, PolicyRoute>();
  for (const [path, { metadata, classes, handlers, hooks }] of planGateways(
    modules,
    options.allowPlainGateways,
  )) {
    // Also of classes that inherit the decorator of their parent as metadata: their own hooks are not wrapped by it.
    for (const { prototype } of classes) {
      wrapConnectHook(prototype as object);
      fillConnectHooks(prototype as object);
    }
    const scopes = metadata.scope?.split(' ') ?? [];
    routes.set(path, {
      path,
      table: new HandlerTable(handlers, hooks),
      gateways: classes.length,
      classes,
      rules: new PolicyRules(metadata.rooms, scopes, metadata.policy, fallback),
    });
  }
  return routes;
}

type GatewayClass = new (...args: never[]) => object;

/** One gateway path and the classes behind it. */
interface GatewayPlan {
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
function planGateways(
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

/**
 * What dispatch has to know of each handler of a gateway class.
 * @throws RoomgateError `gateway_conflict` for a reserved event, or one that is handled twice.
 */
function readHandlers(
  gateway: abstract new (...args: never[]) => object,
): Map<string, HandlerInfo> {
  const prototype = gateway.prototype as Record<string, object>;
  const handlers = new Map<string, HandlerInfo>();
  const classFilters = (Reflect.getMetadata(EXCEPTION_FILTERS_METADATA, gateway) ??
    []) as unknown[];
  wrapFilters(classFilters.filter((filter) => filter !== RoomgateFilter));
  for (const name of new MetadataScanner().getAllMethodNames(prototype)) {
    const method = prototype[name] as object;
    if (!Reflect.hasMetadata(MESSAGE_MAPPING_METADATA, method)) continue;
    const event = String(Reflect.getMetadata(MESSAGE_METADATA, method));
    if (isReserved(event) && !Reflect.hasMetadata(BINARY_METADATA, method))
      conflict(
        `${gateway.name}.${name} handles the reserved event ${quote(event)}, which never reaches a handler.`,
      );
    if (handlers.has(event)) conflict(`${gateway.name} handles the event ${quote(event)} twice.`);
    const hasUserFilters =
      classFilters.some((filter) => filter !== RoomgateFilter) ||
      Reflect.hasMetadata(EXCEPTION_FILTERS_METADATA, method);
    if (hasUserFilters) addPassThrough(method);
    wrapFilters((Reflect.getMetadata(EXCEPTION_FILTERS_METADATA, method) ?? []) as unknown[]);
    bringSchemas(gateway, name);
    const isIntercepted = [gateway, method].some((target) =>
      Reflect.hasMetadata(INTERCEPTORS_METADATA, target),
    );
    handlers.set(event, {
      isUnordered: Reflect.getMetadata(UNORDERED_METADATA, method) === true,
      hasUserFilters,
      isIntercepted,
    });
  }
  return handlers;
}

function addPassThrough(method: object): void {
  const present = (Reflect.getMetadata(INTERCEPTORS_METADATA, method) ?? []) as unknown[];
  if (!present.includes(passThrough))
    Reflect.defineMetadata(INTERCEPTORS_METADATA, [...present, passThrough], method);
}

function conflict(message: string): never {
  throw new RoomgateError('gateway_conflict', message);
}
