import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import fc from 'fast-check';
import { checkUpgrade } from '../../src/adapter/upgrade-checks.js';
import { propertyRuns } from '../support/property-runs.js';

type Headers = Record<string, string[] | undefined>;

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const GOOD: Headers = {
  host: ['chat.test'],
  upgrade: ['websocket'],
  connection: ['Upgrade'],
  'sec-websocket-key': [KEY],
  'sec-websocket-version': ['13'],
};

function request(
  headers: Headers = {},
  { method = 'GET', httpVersion = '1.1' } = {},
): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  const present = Object.entries({ ...GOOD, ...headers }).filter(([, value]) => value);
  message.rawHeaders.push(
    ...present.flatMap(([name, values]) => (values as string[]).flatMap((value) => [name, value])),
  );
  Object.assign(message, { method, httpVersion });
  return message;
}

const codeOf = (message: IncomingMessage): string | undefined => checkUpgrade(message)?.code;

describe('checkUpgrade', () => {
  it('passes what RFC 6455 asks for', () => {
    expect(checkUpgrade(request())).toBeUndefined();
    expect(checkUpgrade(request({ 'content-length': ['0'] }))).toBeUndefined();
  });

  it.each<[string, Headers, object, string]>([
    ['another method', {}, { method: 'POST' }, 'method_not_allowed'],
    ['a method in lower case', {}, { method: 'get' }, 'method_not_allowed'],
    ['HTTP/1.0', {}, { httpVersion: '1.0' }, 'bad_request'],
    ['HTTP/2', {}, { httpVersion: '2.0' }, 'bad_request'],
    ['no Host', { host: undefined }, {}, 'bad_request'],
    ['two Hosts', { host: ['a', 'a'] }, {}, 'bad_request'],
    ['an empty Host', { host: [''] }, {}, 'bad_request'],
    ['a Host with a user', { host: ['me@chat.test'] }, {}, 'bad_request'],
    ['a Host with a path', { host: ['chat.test/x'] }, {}, 'bad_request'],
    ['two Hosts in one', { host: ['chat.test, evil.test'] }, {}, 'bad_request'],
    ['an IPv6 Host without brackets', { host: ['::1'] }, {}, 'bad_request'],
    ['a body', { 'content-length': ['1'] }, {}, 'bad_request'],
    ['a body of two lengths', { 'content-length': ['0', '5'] }, {}, 'bad_request'],
    ['an odd length', { 'content-length': ['00'] }, {}, 'bad_request'],
    ['Transfer-Encoding', { 'transfer-encoding': ['identity'] }, {}, 'bad_request'],
    ['an empty Transfer-Encoding', { 'transfer-encoding': [''] }, {}, 'bad_request'],
    ['no key', { 'sec-websocket-key': undefined }, {}, 'bad_upgrade'],
    ['two keys', { 'sec-websocket-key': [KEY, KEY] }, {}, 'bad_upgrade'],
    ['a short key', { 'sec-websocket-key': ['abc='] }, {}, 'bad_upgrade'],
    ['a long key', { 'sec-websocket-key': [`a${KEY}`] }, {}, 'bad_upgrade'],
    [
      'a key with another alphabet',
      { 'sec-websocket-key': [KEY.replace('G', '-')] },
      {},
      'bad_upgrade',
    ],
    ['no version', { 'sec-websocket-version': undefined }, {}, 'bad_upgrade'],
    ['version 8', { 'sec-websocket-version': ['8'] }, {}, 'bad_upgrade'],
    ['version 13 as ws would read it', { 'sec-websocket-version': ['1.3e1'] }, {}, 'bad_upgrade'],
    ['two versions', { 'sec-websocket-version': ['13', '13'] }, {}, 'bad_upgrade'],
  ])('refuses %s', (_what, headers, rest, code) => {
    expect(codeOf(request(headers, rest))).toBe(code);
  });

  it('names the method before all else, and the request before its WebSocket headers', () => {
    const all = { host: [], 'sec-websocket-key': [] };
    expect(codeOf(request(all, { method: 'POST' }))).toBe('method_not_allowed');
    expect(codeOf(request(all))).toBe('bad_request');
  });

  it('never throws, and passes only one Host, one key and version 13', () => {
    const values = fc.option(
      fc.array(fc.oneof(fc.string(), fc.constantFrom('13', '0', KEY, 'a')), { maxLength: 3 }),
      {
        nil: undefined,
      },
    );
    const names = [
      'host',
      'content-length',
      'transfer-encoding',
      'sec-websocket-key',
      'sec-websocket-version',
    ];
    const headers = fc.record(Object.fromEntries(names.map((name) => [name, values])), {
      requiredKeys: [],
    });
    fc.assert(
      fc.property(headers, (given) => {
        const all: Headers = { ...GOOD, ...given };
        if (checkUpgrade(request(given)) !== undefined) return;
        expect([all.host?.length, all['sec-websocket-key']?.length]).toEqual([1, 1]);
        expect(all['sec-websocket-version']).toEqual(['13']);
        expect(all['transfer-encoding'] ?? []).toEqual([]);
        expect(new Set(all['content-length'] ?? ['0'])).toEqual(
          new Set(all['content-length']?.length === 0 ? [] : ['0']),
        );
      }),
      propertyRuns(500),
    );
  });
});

describe('checkUpgrade, when Node may have left headers out', () => {
  const withHeaders = (count: number, maxHeadersCount?: number): IncomingMessage => {
    const message = request({ x: Array.from({ length: count - 5 }, () => 'y') });
    Object.assign(message.socket, { server: { maxHeadersCount } });
    return message;
  };

  it.each([
    [999, undefined, undefined],
    [1_000, undefined, 'bad_request'],
    [49, 50, undefined],
    [50, 50, 'bad_request'],
    [3_000, 0, undefined],
  ])('answers %d headers where %s may be with %s', (count, most, code) => {
    expect(codeOf(withHeaders(count, most))).toBe(code);
  });
});
