import { ask, type RawAnswer } from './raw-http.js';

export const FORM = 'application/x-www-form-urlencoded';

/** Posts a body as the type says; `headers` are lines, and a `chunked` body has no length. */
export function post(
  port: number,
  target: string,
  body: string,
  { type = FORM, chunked = false }: { type?: string; chunked?: boolean } = {},
): Promise<RawAnswer> {
  const length = chunked
    ? 'Transfer-Encoding: chunked'
    : `Content-Length: ${Buffer.byteLength(body)}`;
  const sent = chunked ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body;
  return ask(
    port,
    `POST ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: ${type}\r\n${length}\r\n\r\n${sent}`,
  );
}
