import type { IncomingHttpHeaders } from 'node:http';

/** The little of a request that Express and Fastify share. */
export interface FormRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body?: unknown;
}

const MAX_BODY_BYTES = 8_192;
const FORM = /^application\/x-www-form-urlencoded *(;|$)/i;

/** The one `logout_token` of a form of at most 8 KiB, which the app's body parser took apart; undefined when it is something else. */
export function readLogoutForm({ headers, body }: FormRequest): string | undefined {
  if (!FORM.test(headers['content-type'] ?? '')) return undefined;
  if (Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES) return undefined;
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, 'logout_token'))
    return undefined;
  const { logout_token: token } = body as { logout_token: unknown };
  if (typeof token !== 'string' || token.length > MAX_BODY_BYTES) return undefined;
  // A chunked or compressed body has no length to believe.
  return Buffer.byteLength(JSON.stringify(body)) > MAX_BODY_BYTES ? undefined : token;
}
