import { createPrincipal, type Principal } from '../../src/admission/principal.js';

export const NOW = 1_800_000_000_000;

/** A principal as admission makes them, issued at `NOW` for an hour unless its claims say otherwise. */
export function principalOf(claims: Readonly<Record<string, unknown>> = {}): Principal {
  const iat = NOW / 1000;
  return createPrincipal(
    { iss: 'https://a.test', sub: 'alice', iat, exp: iat + 3_600, ...claims },
    5_000,
  );
}
