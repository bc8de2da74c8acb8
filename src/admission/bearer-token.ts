import { Refusal } from './refusals.js';
import { type UpgradeRequest, valuesOf } from './upgrade-request.js';

/** Where the bearer token of an upgrade request may stand. Replace it through `RoomgateModule.forRoot({ extractor })`. */
export abstract class TokenExtractor {
  /** The one token, or why there is none. */
  abstract extract(request: UpgradeRequest): string | Refusal;
}

const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;
const QUERY_NAMES = ['access_token', 'token', 'jwt', 'authorization'];

/** The Authorization header (RFC 6750 §2.1), the scheme in any case (RFC 9110 §11.1). */
export class AuthorizationHeaderExtractor extends TokenExtractor {
  extract(request: UpgradeRequest): string | Refusal {
    const values = valuesOf(request, 'authorization');
    const value = values[0] ?? '';
    if (values.length > 1 || value.includes(',')) return new Refusal('multiple_credentials');
    const token = BEARER.exec(value)?.[1];
    if (token !== undefined) return token;
    return new Refusal(/^bearer\b/i.test(value) ? 'malformed_authorization' : 'no_token');
  }
}

/**
 * A token in the URL ends up in logs, histories and referrers, so it is refused even when a good header stands beside it
 * (RFC 9700 §4.3.2). The parameter's name comes from our list, never from the request.
 */
export function refuseTokenInQuery(query: string): Refusal | undefined {
  if (query === '') return undefined;
  for (const name of new URLSearchParams(query).keys()) {
    const found = QUERY_NAMES.find((known) => known === name.toLowerCase());
    if (found) {
      const detail = `A token was found in the query string ("${found}"). Send it in the Authorization header instead: it does not belong in a URL.`;
      return new Refusal('token_in_query', 'token_in_query', detail);
    }
  }
  return undefined;
}
