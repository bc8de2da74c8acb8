import type { Type } from '@nestjs/common';
import type { ModuleRef, ModulesContainer } from '@nestjs/core';
import type { RoomRoute } from './adapter/room-server.js';
import type { GatewayRules } from './admission/admission.js';
import { RoomPolicy } from './admission/room-policy.js';
import { HandlerTable } from './connection/handler-table.js';
import { fillConnectHooks, wrapConnectHook } from './gateway/connect-hook.js';
import { planGateways } from './roomgate.boot.js';
import { RoomgateError } from './roomgate.errors.js';
import type { RoomgateOptions } from './roomgate.options.js';

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
export class PolicyRules implements GatewayRules {
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
