import type { RawAnswer } from './raw-http.js';

const HEADERS = [
  'cache-control',
  'connection',
  'content-length',
  'content-type',
  'date',
  'x-request-id',
];
const MEANINGFUL = ['www-authenticate', 'retry-after', 'allow', 'upgrade', 'sec-websocket-version'];
/** A plain GET is answered by the app's own HTTP server, which adds its own. */
const HOST_APP = ['x-powered-by'];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What every refusal has to be, whatever its row; returns its headers for what the row adds. */
export function expectProblem(
  { status, headers, body }: RawAnswer,
  expected: number,
  code: string,
): RawAnswer['headers'] {
  const problem = JSON.parse(String(body)) as Record<string, unknown>;
  expect([status, problem.code]).toEqual([expected, code]);
  expect(headers).toMatchObject({
    'cache-control': 'no-store',
    connection: expected === 426 ? 'Upgrade, close' : 'close',
    'content-length': String(body.length),
    'content-type': 'application/problem+json',
  });
  expect(new Date(String(headers['date'])).toUTCString()).toBe(headers['date']);
  const members = ['code', 'detail', 'requestId', 'status', 'title', 'type'];
  expect(Object.keys(problem).toSorted()).toEqual(members);
  expect(problem).toMatchObject({ status, type: 'about:blank' });
  expect(problem.requestId).toMatch(UUID);
  expect(headers['x-request-id']).toBe(problem.requestId);
  // Nothing else: no redirect, no cookie, no CORS header, no name of a server.
  const others = Object.keys(headers).filter((name) => !HEADERS.includes(name));
  const allowed = expected === 426 ? [...MEANINGFUL, ...HOST_APP] : MEANINGFUL;
  expect(others.filter((name) => !allowed.includes(name))).toEqual([]);
  return headers;
}
