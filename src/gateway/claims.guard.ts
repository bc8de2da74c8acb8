import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Principal } from '../admission/principal.js';
import type { RoomConnection } from '../connection/connection.contract.js';
import { requireLive, requirePublish, ServerConnection } from '../connection/connection.js';
import { CLAIMS_METADATA, SCOPE_METADATA } from '../core/constants.js';
import { ignoreRejection, RoomgateError } from '../core/errors.js';
import { contextOf, MessageContext } from './message-context.js';

/** What a handler and its class together require of the principal. */
export interface Requirements {
  readonly scopes: readonly string[];
  readonly claims: readonly ((claims: Principal['claims']) => boolean)[];
}

/**
 * Runs before every message, after the app's global guards and before those of class and handler: is the principal still
 * live, is it a member of the room and may it publish there, has it what class AND handler require? Answers synchronously:
 * true, or it throws the RoomgateError that the filter turns into an `exception`. Extend it and override a step to change one.
 */
@Injectable()
export class ClaimsGuard implements CanActivate {
  readonly #compiled = new WeakMap<object, WeakMap<object, Requirements>>();

  canActivate(context: ExecutionContext): boolean {
    this.check(context);
    const message: unknown = contextOf(context);
    if (message instanceof MessageContext) message.letInBy(this, context);
    return true;
  }

  /** @internal Asked again about a message that is being handled or answered when rights have changed. */
  check(context: ExecutionContext): void {
    const [connection, , message] = context.getArgs<[unknown, unknown, MessageContext]>();
    // Under another adapter there is no principal to check, so there is nobody to let through.
    if (!(connection instanceof ServerConnection))
      throw new RoomgateError(
        'not_a_member',
        'ClaimsGuard ran for a client that RoomgateAdapter did not admit.',
      );
    this.requireLive(connection);
    this.requireMembership(connection, message);
    this.requireClaims(
      connection.principal,
      this.#requirements(context.getClass(), context.getHandler()),
    );
  }

  /** @throws RoomgateError `token_expired`, `authority_stale` */
  protected requireLive(connection: RoomConnection): void {
    requireLive(connection as ServerConnection);
  }

  /** @throws RoomgateError `not_a_member`, `publish_forbidden` */
  protected requireMembership(connection: RoomConnection, message: MessageContext): void {
    requirePublish(connection as ServerConnection, message.roomId);
  }

  /** @throws RoomgateError `insufficient_scope`, `insufficient_claims` */
  protected requireClaims(principal: Principal, { scopes, claims }: Requirements): void {
    for (const scope of scopes) {
      if (!principal.scopes.includes(scope))
        throw new RoomgateError('insufficient_scope', 'The principal lacks a scope.');
    }
    for (const holds of claims) {
      const answer: unknown = holds(principal.claims);
      if (answer === true) continue;
      ignoreRejection(answer);
      throw new RoomgateError('insufficient_claims', 'The principal lacks a claim.');
    }
  }

  /** Metadata cannot change after boot, so it is read once per handler. */
  #requirements(target: object, handler: object): Requirements {
    let byHandler = this.#compiled.get(target);
    if (!byHandler) this.#compiled.set(target, (byHandler = new WeakMap()));
    let requirements = byHandler.get(handler);
    if (!requirements) {
      requirements = {
        scopes: collect(SCOPE_METADATA, target, handler),
        claims: collect(CLAIMS_METADATA, target, handler),
      };
      byHandler.set(handler, requirements);
    }
    return requirements;
  }
}

function collect<T>(key: string, ...targets: object[]): T[] {
  return targets.flatMap((target) => (Reflect.getMetadata(key, target) as T[] | undefined) ?? []);
}
