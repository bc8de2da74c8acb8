import { SetMetadata } from '@nestjs/common';
import type { Principal } from '../admission/principal.js';
import { CLAIMS_METADATA, SCOPE_METADATA, UNORDERED_METADATA } from '../core/constants.js';
import { RoomgateError } from '../core/errors.js';

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
