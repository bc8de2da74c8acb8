import type { IncomingMessage, Server } from 'node:http';
import { isHost } from '../admission/origin.js';
import { Refusal } from '../admission/refusals.js';
import { headerValues, onlyValue } from '../admission/upgrade-request.js';

const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** The request itself, before anything in it is believed: RFC 6455 §4.2.1, and nothing that two parsers could read in two ways. */
export function checkUpgrade(request: IncomingMessage): Refusal | undefined {
  const { method, httpVersion } = request;
  if (method !== 'GET') return new Refusal('method_not_allowed');
  const hasHost = isHost(onlyValue(request, 'host') ?? '');
  if (httpVersion !== '1.1' || !hasHost || hasBody(request) || hasUnseen(request))
    return new Refusal('bad_request');
  const key = onlyValue(request, 'sec-websocket-key');
  const isWellFormed =
    key !== undefined && KEY.test(key) && onlyValue(request, 'sec-websocket-version') === '13';
  return isWellFormed ? undefined : new Refusal('bad_upgrade');
}

export function hasBody(request: IncomingMessage): boolean {
  const lengths = headerValues(request, 'content-length');
  return (
    lengths.some((length) => length !== '0') ||
    headerValues(request, 'transfer-encoding').length > 0
  );
}

/** Node's own, unless the app has set `maxHeadersCount`. Its documentation says twice as many. */
const NODE_MAX_HEADERS = 1_000;

/** Node leaves out, and says nothing of, headers beyond a number: a second token or a body would not be seen. */
export function hasUnseen({ rawHeaders, socket }: IncomingMessage): boolean {
  const { maxHeadersCount } = (socket as { server?: Server }).server ?? {};
  const most = maxHeadersCount ?? NODE_MAX_HEADERS;
  return most > 0 && rawHeaders.length >= 2 * most;
}
