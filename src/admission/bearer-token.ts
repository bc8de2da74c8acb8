import { Refusal } from './refusals.js';
import { bearerToken, seeAuthorization, seeInQuery } from './seen-credential.js';
import { type UpgradeRequest, valuesOf } from './upgrade-request.js';

/** Where the bearer token of an upgrade request may stand. Replace it through `RoomgateModule.forRoot({ extractor })`. */
export abstract class TokenExtractor {
  /** The one token, or why there is none. */
  abstract extract(request: UpgradeRequest): string | Refusal;
}

/** The Authorization header (RFC 6750 §2.1), the scheme in any case (RFC 9110 §11.1). A request that has the header is never `no_token`. */
export class AuthorizationHeaderExtractor extends TokenExtractor {
  extract(request: UpgradeRequest): string | Refusal {
    const values = valuesOf(request, 'authorization');
    const [value] = values;
    if (value === undefined) return new Refusal('no_token');
    const token = values.length === 1 ? bearerToken(value) : undefined;
    if (token !== undefined) return token;
    const { shape } = seeAuthorization(values);
    if (shape === 'doubled_header' || shape === 'list') return new Refusal('multiple_credentials');
    // RFC 6750 §3.1: a scheme that is not supported is no error of the bearer scheme.
    return new Refusal(shape === 'other_scheme' ? 'unsupported_scheme' : 'malformed_authorization');
  }
}

/**
 * A token in the URL ends up in logs, histories and referrers, so it is refused even when a good header stands beside it
 * (RFC 9700 §4.3.2). The parameter's name in the answer comes from our list, never from the request.
 */
export function refuseTokenInQuery(query: string): Refusal | undefined {
  const seen = seeInQuery(query);
  if (!seen) return undefined;
  const where = seen.name === undefined ? 'a value with the shape of a JWT' : `"${seen.name}"`;
  const detail = `A token was found in the query string (${where}). Send it in the Authorization header instead: it does not belong in a URL.`;
  return new Refusal('token_in_query', 'token_in_query', detail);
}
