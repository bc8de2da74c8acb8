import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** The little of a request that Express and Fastify share. */
export interface FormRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body?: unknown;
}

const MAX_BODY_BYTES = 8_192;
const FORM = /^application\/x-www-form-urlencoded *(;|$)/i;

/**
 * The one `logout_token` of a form of at most 8 KiB; undefined when it is something else. The body may have been taken apart by
 * a parser of the app, or kept as bytes or text; where the app has no parser (`bodyParser: false`) it is read here.
 */
export async function readLogoutForm(request: FormRequest): Promise<string | undefined> {
  const { headers } = request;
  if (!FORM.test(headers['content-type'] ?? '')) return undefined;
  if (Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES) return undefined;
  const body = request.body ?? (await readBody(request));
  if (typeof body === 'string' || Buffer.isBuffer(body)) return tokenOfText(body);
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, 'logout_token'))
    return undefined;
  const { logout_token: token } = body as { logout_token: unknown };
  if (typeof token !== 'string' || token.length > MAX_BODY_BYTES) return undefined;
  // A chunked or compressed body has no length to believe.
  return Buffer.byteLength(JSON.stringify(body)) > MAX_BODY_BYTES ? undefined : token;
}

function tokenOfText(body: string | Buffer): string | undefined {
  if (body.length > MAX_BODY_BYTES) return undefined;
  const tokens = new URLSearchParams(String(body)).getAll('logout_token');
  return tokens.length === 1 ? tokens[0] : undefined;
}

/** Undefined for a body that is compressed, too big, broken off, or read by something else. */
async function readBody(request: FormRequest): Promise<Buffer | undefined> {
  const stream = request as Partial<IncomingMessage>;
  if (request.headers['content-encoding'] || !stream.readable || !stream[Symbol.asyncIterator])
    return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}
