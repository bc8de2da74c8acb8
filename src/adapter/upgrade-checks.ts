import type { IncomingMessage, Server } from 'node:http';
import { Refusal } from '../admission/refusals.js';

const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** Whether the request wants a WebSocket at all; a room path with another `Upgrade` is somebody else's. */
export function isWebSocketUpgrade({ headersDistinct }: IncomingMessage): boolean {
  return (
    headersDistinct.upgrade?.length === 1 &&
    headersDistinct.upgrade[0]?.toLowerCase() === 'websocket'
  );
}

/** The request itself, before anything in it is believed: RFC 6455 §4.2.1, and nothing that two parsers could read in two ways. */
export function checkUpgrade(request: IncomingMessage): Refusal | undefined {
  const { method, httpVersion, headersDistinct: headers } = request;
  if (method !== 'GET') return new Refusal('method_not_allowed');
  const lengths = headers['content-length'] ?? [];
  const hasBody =
    lengths.some((length) => length !== '0') || headers['transfer-encoding'] !== undefined;
  if (httpVersion !== '1.1' || headers.host?.length !== 1 || hasBody || hasUnseen(request))
    return new Refusal('bad_request');
  const [key, ...otherKeys] = headers['sec-websocket-key'] ?? [];
  const [version, ...otherVersions] = headers['sec-websocket-version'] ?? [];
  const isWellFormed =
    key !== undefined &&
    KEY.test(key) &&
    otherKeys.length === 0 &&
    version === '13' &&
    otherVersions.length === 0;
  return isWellFormed ? undefined : new Refusal('bad_upgrade');
}

/** Node's own, unless the app has set `maxHeadersCount`. Its documentation says twice as many. */
const NODE_MAX_HEADERS = 1_000;

/** Node leaves out, and says nothing of, headers beyond a number: a second token or a body would not be seen. */
function hasUnseen({ rawHeaders, socket }: IncomingMessage): boolean {
  const { maxHeadersCount } = (socket as { server?: Server }).server ?? {};
  const most = maxHeadersCount ?? NODE_MAX_HEADERS;
  return most > 0 && rawHeaders.length >= 2 * most;
}
