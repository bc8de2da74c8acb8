import type { GatewayRules } from './admission.js';
import type { Principal } from './principal.js';
import { Refusal } from './refusals.js';

/** Whether the principal lacks a scope that the gateway asks for. */
export function checkScopes({ scopes }: Principal, rules: GatewayRules): Refusal | undefined {
  if (rules.scopes.every((scope) => scopes.includes(scope))) return undefined;
  return new Refusal('insufficient_scope', undefined, undefined, rules.scopes.join(' '));
}
