import type { Refusal } from '../../src/index.js';
import { checkOrigin } from '../../src/admission/origin.js';
import { resolveOptions, type RoomgateModuleOptions } from '../../src/module/options.js';
import { upgradeRequest } from '../support/upgrade-request.js';

type Headers = Readonly<Record<string, string | readonly string[]>>;

const check = (
  headers: Headers,
  options: RoomgateModuleOptions = {},
  encrypted = false,
): Refusal | undefined =>
  checkOrigin(upgradeRequest(headers, { encrypted }), resolveOptions(options, false));

describe('checkOrigin', () => {
  it('lets those through who send no origin, for they are no browsers', () => {
    expect(check({})).toBeUndefined();
  });

  it.each<[string, Headers, boolean]>([
    ['over plain HTTP', { origin: 'http://chat.test' }, false],
    ['over TLS', { origin: 'https://chat.test' }, true],
    ['with a port', { host: 'chat.test:3000', origin: 'http://chat.test:3000' }, false],
    ['in capitals', { host: 'Chat.Test', origin: 'HTTP://CHAT.test' }, false],
    ['by address', { host: '[::1]:3000', origin: 'http://[::1]:3000' }, false],
    ['by an address spelled otherwise', { host: '[0:0::1]', origin: 'http://[::1]' }, false],
    ['behind a proxy that ends TLS', { origin: 'https://chat.test' }, false],
    ['over TLS, from a client that writes http', { origin: 'http://chat.test' }, true],
    ['with the port of TLS in Host', { host: 'chat.test:443', origin: 'https://chat.test' }, true],
    ['with the port of TLS in Origin', { origin: 'https://chat.test:443' }, false],
    ['with ports 80 and 443', { host: 'chat.test:80', origin: 'https://chat.test:443' }, false],
    ['with a port of leading zeros', { host: 'chat.test:080', origin: 'http://chat.test' }, false],
    ['with a port that is left empty', { host: 'chat.test:', origin: 'http://chat.test' }, false],
    ['as a WebSocket URL', { host: 'chat.test:3000', origin: 'ws://chat.test:3000' }, false],
    ['as a secure WebSocket URL', { origin: 'wss://chat.test' }, false],
    ['with a path', { host: 'chat.test:3000', origin: 'http://chat.test:3000/some/path' }, false],
    ['with a slash', { origin: 'http://chat.test/' }, false],
    ['with a query', { origin: 'http://chat.test?x=/y' }, false],
    ['named by a service', { host: 'chat_1:3000', origin: 'http://chat_1:3000' }, false],
    ['named with a dot at the end', { host: 'chat.test.', origin: 'http://chat.test.' }, false],
  ])('lets a page of its own host in, %s', (_name, headers, encrypted) => {
    expect(check(headers, {}, encrypted)).toBeUndefined();
  });

  it.each<[string, Headers, boolean]>([
    ['another host', { origin: 'http://evil.test' }, false],
    ['a host that ends alike', { origin: 'http://evil-chat.test' }, false],
    ['a host that begins alike', { origin: 'http://chat.test.evil' }, false],
    ['a host of below', { origin: 'http://a.chat.test' }, false],
    ['another scheme', { origin: 'ftp://chat.test' }, false],
    ['an extension', { origin: 'chrome-extension://chat.test' }, false],
    ['another port', { origin: 'http://chat.test:81' }, false],
    ['no port, when Host has one', { host: 'chat.test:3000', origin: 'http://chat.test' }, false],
    ['a port, when Host has none', { origin: 'http://chat.test:3000' }, false],
    [
      'a port that there is not',
      { host: 'chat.test:65536', origin: 'http://chat.test:65536' },
      false,
    ],
    ['a user before the host', { origin: 'http://chat.test@evil.test' }, false],
    ['a user before our host', { origin: 'http://evil@chat.test' }, false],
    ['a password before our host', { origin: 'http://evil:x@chat.test' }, false],
    ['a backslash behind our host', { origin: 'http://chat.test\\@evil.test' }, false],
    ['a backslash before our host', { origin: 'http:\\\\chat.test' }, false],
    ['an encoded host', { origin: 'http://chat%2etest' }, false],
    ['our host among its paths', { origin: 'http://evil.test/http://chat.test' }, false],
    ['our host as its query', { origin: 'http://evil.test?chat.test' }, false],
    ['a dot at the end', { origin: 'http://chat.test.' }, false],
    ['two origins, separated by a space', { origin: 'http://chat.test http://evil.test' }, false],
    ['two origins with paths', { origin: 'http://chat.test/, http://evil.test/' }, false],
    ['a host that is none', { host: 'chat.test/', origin: 'http://chat.test' }, false],
    ['null, as sandboxed pages and files have', { origin: 'null' }, false],
    ['nothing', { origin: '' }, false],
    ['something unparsable', { origin: '::::' }, false],
    ['a star', { origin: '*' }, false],
    ['two origins in one header', { origin: 'http://chat.test, http://evil.test' }, false],
    ['no host to compare with', { host: [], origin: 'http://chat.test' }, false],
  ])('refuses a page of %s', (_name, headers, encrypted) => {
    expect(check(headers, {}, encrypted)).toMatchObject({
      code: 'origin_not_allowed',
      row: { status: 403 },
    });
  });

  it('refuses a doubled origin, even if both are allowed', () => {
    const origin = ['http://chat.test', 'http://chat.test'];
    expect(check({ origin })).toMatchObject({
      code: 'origin_not_allowed',
      reason: 'origin_doubled',
    });
  });

  describe('with allowedOrigins', () => {
    const options = { allowedOrigins: ['https://app.test', 'http://localhost:4200'] };

    it.each([
      'https://app.test',
      'HTTPS://App.Test',
      'https://app.test:443',
      'https://app.test/chat',
      'wss://app.test',
      'http://localhost:4200',
      'ws://localhost:4200/x',
      'http://chat.test',
    ])('lets a page of %s in', (origin) => {
      expect(check({ origin }, options)).toBeUndefined();
    });

    it.each([
      'http://app.test',
      'ws://app.test',
      'https://app.test:80',
      'https://app.test:8443',
      'https://x.app.test',
      'https://evil@app.test',
      'null',
    ])('still refuses a page of %s', (origin) => {
      expect(check({ origin }, options)).toMatchObject({ code: 'origin_not_allowed' });
    });
  });

  describe('with allowedHosts', () => {
    const options = { allowedHosts: ['chat.test', 'localhost:3000', '[::1]:3000'] };

    it.each([
      'chat.test',
      'CHAT.TEST',
      'chat.test:443',
      'chat.test:80',
      'chat.test:3000',
      'localhost:3000',
      '[::1]:3000',
      '[0::1]:3000',
    ])('serves %s', (host) => {
      expect(check({ host }, options)).toBeUndefined();
    });

    it.each([
      'evil.test',
      'localhost',
      'localhost:3001',
      '[::1]',
      '[::2]:3000',
      'chat.test.',
      'chat.test.evil',
      'me@chat.test',
      'chat.test:x',
      '',
    ])('does not serve "%s", also without an origin', (host) => {
      expect(check({ host }, options)).toMatchObject({ code: 'host_not_allowed' });
    });

    it('does not serve a request without a host', () => {
      expect(check({ host: [] }, options)).toMatchObject({ code: 'host_not_allowed' });
    });

    it('stops DNS rebinding: a page of a strange name that leads here is of its own host', () => {
      const rebound = { host: 'evil.test', origin: 'http://evil.test' };
      expect(check(rebound)).toBeUndefined();
      expect(check(rebound, options)).toMatchObject({
        code: 'host_not_allowed',
        row: { status: 403 },
      });
    });
  });

  it.each([
    ['chat.test:443', 'chat.test'],
    ['chat.test', 'chat.test:443'],
    ['chat.test:80', 'chat.test:443'],
  ])('takes default ports for the same: %s is listed, %s is asked for', (entry, host) => {
    expect(check({ host }, { allowedHosts: [entry] })).toBeUndefined();
  });

  describe('behind proxies', () => {
    const host = 'backend';
    const origin = 'https://chat.test';
    const behind = (hops: number, headers: Headers): Refusal | undefined =>
      check({ host, origin, ...headers }, { trustProxyHops: hops });

    it.each<[string, number, Headers]>([
      ['X-Forwarded-Host', 1, { 'x-forwarded-host': 'chat.test' }],
      ['the last of several values', 1, { 'x-forwarded-host': 'evil.test, chat.test' }],
      ['the last of several headers', 1, { 'x-forwarded-host': ['evil.test', 'chat.test'] }],
      ['the outer of two proxies', 2, { 'x-forwarded-host': 'evil.test, chat.test, inner' }],
      ['a value that the inner proxy kept', 2, { 'x-forwarded-host': 'chat.test' }],
      ['Forwarded', 1, { forwarded: 'for=1.2.3.4;host=chat.test;proto=https' }],
      ['Forwarded in quotes', 1, { forwarded: 'for="[::1]:80"; Host="chat.test:443"' }],
      ['Forwarded with escapes', 1, { forwarded: 'host="chat\\.test"' }],
      ['the last element', 1, { forwarded: 'host="evil.test,x";a="b;\\"c", host=chat.test' }],
      ['an outer element', 2, { forwarded: ['host=evil.test', 'host=chat.test, for=_inner'] }],
      [
        'both that agree',
        1,
        { 'x-forwarded-host': 'chat.test', forwarded: 'host="chat.test:443"' },
      ],
      ['one beside an empty one', 1, { 'x-forwarded-host': '', forwarded: 'host=chat.test' }],
      [
        'one beside a Forwarded without',
        1,
        { 'x-forwarded-host': 'chat.test', forwarded: 'for=x' },
      ],
    ])('takes the host from our own proxies: %s', (_what, hops, headers) => {
      expect(behind(hops, headers)).toBeUndefined();
    });

    it.each<[string, number, Headers]>([
      ['no hop', 0, { 'x-forwarded-host': 'chat.test', forwarded: 'host=chat.test' }],
      ['the wrong element', 1, { forwarded: 'host=chat.test, for=1.2.3.4' }],
      ['an unfinished quote', 1, { forwarded: 'host="chat.test' }],
      ['an odd parameter', 1, { forwarded: 'host=chat.test;=' }],
      ['text behind a quote', 1, { forwarded: 'host="chat.test"x' }],
      ['two that disagree', 1, { 'x-forwarded-host': 'chat.test', forwarded: 'host=x' }],
      [
        'a second one in an unfinished quote',
        1,
        { 'x-forwarded-host': 'chat.test', forwarded: 'host="' },
      ],
      ['nothing', 1, { 'x-forwarded-host': '' }],
      ['no host', 1, { forwarded: 'for=1.2.3.4;proto=https' }],
    ])('takes Host where the proxies do not say: %s', (_what, hops, headers) => {
      expect(behind(hops, headers)).toMatchObject({ code: 'origin_not_allowed' });
      expect(behind(hops, { ...headers, origin: 'http://backend' })).toBeUndefined();
    });

    it('never takes a value from beyond them', () => {
      const refusal = behind(1, { 'x-forwarded-host': 'chat.test, inner' });
      expect(refusal).toMatchObject({ code: 'origin_not_allowed' });
    });

    it('compares the host of the proxies with allowedHosts', () => {
      const rules = { trustProxyHops: 1, allowedHosts: ['chat.test'] };
      const forwarded = { host, 'x-forwarded-host': 'chat.test:443' };
      expect(check(forwarded, rules)).toBeUndefined();
      expect(check({ ...forwarded, 'x-forwarded-host': 'evil.test' }, rules)).toMatchObject({
        code: 'host_not_allowed',
      });
    });
  });
});
