import { Refusal } from './refusals.js';
import { type UpgradeRequest, valuesOf } from './upgrade-request.js';

export interface OriginRules {
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
}

/**
 * Cross-site WebSocket hijacking (CWE-1385) and DNS rebinding: a browser always says where a page came from, other
 * clients need not. The page's origin must be ours (scheme, host and port) or listed; our host must be listed if any is.
 */
export function checkOrigin(request: UpgradeRequest, rules: OriginRules): Refusal | undefined {
  const host = valuesOf(request, 'host')[0]?.toLowerCase() ?? '';
  if (rules.allowedHosts.length > 0 && !rules.allowedHosts.includes(host))
    return new Refusal('host_not_allowed');
  const origins = valuesOf(request, 'origin');
  if (origins.length === 0) return undefined;
  if (origins.length > 1) return new Refusal('origin_not_allowed', 'origin_doubled');
  const origin = (origins[0] as string).toLowerCase();
  if (origin === `${request.encrypted ? 'https' : 'http'}://${host}`) return undefined;
  return rules.allowedOrigins.includes(origin) ? undefined : new Refusal('origin_not_allowed');
}
