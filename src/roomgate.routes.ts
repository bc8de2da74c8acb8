import type { Type } from '@nestjs/common';
import type { ModuleRef, ModulesContainer } from '@nestjs/core';
import type { RoomRoute } from './adapter/room-server.js';
import type { GatewayRules } from './admission/admission.js';
import { RoomPolicy } from './admission/room-policy.js';
import { HandlerTable } from './connection/handler-table.js';
import { planGateways } from './roomgate.boot.js';
import { RoomgateError } from './roomgate.errors.js';
import type { RoomgateOptions } from './roomgate.options.js';

export interface PolicyRoute extends RoomRoute {
  readonly rules: PolicyRules;
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
  for (const [path, { metadata, handlers, connectHooks }] of planGateways(
    modules,
    options.allowPlainGateways,
  )) {
    const table = new HandlerTable(handlers);
    table.connectHooks = connectHooks;
    const scopes = metadata.scope?.split(' ').filter((scope) => scope !== '') ?? [];
    routes.set(path, {
      path,
      table,
      rules: new PolicyRules(metadata.rooms, scopes, metadata.policy, fallback),
    });
  }
  return routes;
}
