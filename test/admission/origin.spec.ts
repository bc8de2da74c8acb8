import type { Refusal } from '../../src/index.js';
import { checkOrigin } from '../../src/admission/origin.js';
import { resolveOptions, type RoomgateModuleOptions } from '../../src/roomgate.options.js';
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
  ])('lets a page of its own host in, %s', (_name, headers, encrypted) => {
    expect(check(headers, {}, encrypted)).toBeUndefined();
  });

  it.each<[string, Headers, boolean]>([
    ['another host', { origin: 'http://evil.test' }, false],
    ['a host that ends alike', { origin: 'http://evil-chat.test' }, false],
    ['a host that begins alike', { origin: 'http://chat.test.evil' }, false],
    ['a host of below', { origin: 'http://a.chat.test' }, false],
    ['another scheme', { origin: 'https://chat.test' }, false],
    ['plain HTTP to a TLS server', { origin: 'http://chat.test' }, true],
    ['another port', { origin: 'http://chat.test:81' }, false],
    ['a path behind the host', { origin: 'http://chat.test/' }, false],
    ['a user before the host', { origin: 'http://chat.test@evil.test' }, false],
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

    it.each(['https://app.test', 'HTTPS://App.Test', 'http://localhost:4200', 'http://chat.test'])(
      'lets a page of %s in',
      (origin) => {
        expect(check({ origin }, options)).toBeUndefined();
      },
    );

    it.each(['http://app.test', 'https://app.test:8443', 'https://x.app.test', 'null'])(
      'still refuses a page of %s',
      (origin) => {
        expect(check({ origin }, options)).toMatchObject({ code: 'origin_not_allowed' });
      },
    );
  });

  describe('with allowedHosts', () => {
    const options = { allowedHosts: ['chat.test', 'localhost:3000', '[::1]:3000'] };

    it.each(['chat.test', 'CHAT.TEST', 'localhost:3000', '[::1]:3000'])('serves %s', (host) => {
      expect(check({ host }, options)).toBeUndefined();
    });

    it.each(['evil.test', 'chat.test:80', 'localhost', 'chat.test.', 'chat.test.evil', ''])(
      'does not serve "%s", also without an origin',
      (host) => {
        expect(check({ host }, options)).toMatchObject({ code: 'host_not_allowed' });
      },
    );

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
});
