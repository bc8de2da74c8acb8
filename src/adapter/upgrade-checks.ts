import type { IncomingMessage, Server } from 'node:http';
import { Refusal } from '../admission/refusals.js';

const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** Whether the request wants a WebSocket at all; a room path with another `Upgrade` is somebody else's. */
export function isWebSocketUpgrade({ headersDistinct }: IncomingMessage): boolean {
  return only(headersDistinct.upgrade)?.toLowerCase() === 'websocket';
}

/** The request itself, before anything in it is believed: RFC 6455 §4.2.1, and nothing that two parsers could read in two ways. */
export function checkUpgrade(request: IncomingMessage): Refusal | undefined {
  const { method, httpVersion, headersDistinct: headers } = request;
  if (method !== 'GET') return new Refusal('method_not_allowed');
  const lengths = headers['content-length'] ?? [];
  const hasBody =
    lengths.some((length) => length !== '0') || headers['transfer-encoding'] !== undefined;
  if (httpVersion !== '1.1' || only(headers.host) === undefined || hasBody || hasUnseen(request))
    return new Refusal('bad_request');
  const key = only(headers['sec-websocket-key']);
  const isWellFormed =
    key !== undefined && KEY.test(key) && only(headers['sec-websocket-version']) === '13';
  return isWellFormed ? undefined : new Refusal('bad_upgrade');
}

function only(values: readonly string[] | undefined): string | undefined {
  return values?.length === 1 ? values[0] : undefined;
}

/** Node's own, unless the app has set `maxHeadersCount`. Its documentation says twice as many. */
const NODE_MAX_HEADERS = 1_000;

/** Node leaves out, and says nothing of, headers beyond a number: a second token or a body would not be seen. */
function hasUnseen({ rawHeaders, socket }: IncomingMessage): boolean {
  const { maxHeadersCount } = (socket as { server?: Server }).server ?? {};
  const most = maxHeadersCount ?? NODE_MAX_HEADERS;
  return most > 0 && rawHeaders.length >= 2 * most;
}
