import type { HttpAdapterHost } from '@nestjs/core';
import {
  type AuditEvent,
  AuditSink,
  type IssuerOptions,
  RoomgateModule,
  TokenVerifier,
} from 'nestjs-roomgate';
import { TestIssuer } from 'nestjs-roomgate/testing';
import {
  BackChannelLogoutController,
  backChannelLogoutController,
} from '../../src/adapter/back-channel-logout.controller.js';
import { loadIssuers } from '../../src/admission/issuer.js';
import { JwtTokenVerifier } from '../../src/admission/jwt-token-verifier.js';
import { BackChannelLogout } from '../../src/admission/back-channel-logout.js';
import { LOGOUT_HEADER, logoutClaims } from '../support/logout-tokens.js';
import { RecordingSink } from '../support/recording-sink.js';
import { systemTestbed } from '../support/system-testbed.js';

class DoorVerifier extends TokenVerifier {
  verify(): Record<string, unknown> {
    return {};
  }
}

describe('backChannelLogoutController', () => {
  it.each(['/logout', '/auth/back-channel_logout', '/v1.2/~a'])('serves %s', (path) => {
    expect(Reflect.getMetadata('path', backChannelLogoutController(path))).toBe(path);
  });

  it.each(['', '/', 'logout', '/logout/', '//logout', '/:logout', '/log*', '/a?b', '/ä', 7])(
    'refuses the path %j',
    (path) => {
      expect(() => backChannelLogoutController(path as string)).toThrow(
        expect.objectContaining({ code: 'invalid_options' }),
      );
    },
  );

  it('refuses a verifier of the app that believes no logout token', () => {
    expect(() => backChannelLogoutController('/logout', DoorVerifier)).toThrow(/DoorVerifier/);
    expect(() => backChannelLogoutController('/logout', JwtTokenVerifier as never)).not.toThrow();
    expect(() =>
      RoomgateModule.forRoot({ backChannelLogout: '/logout', verifier: DoorVerifier }),
    ).toThrow(expect.objectContaining({ code: 'invalid_options' }));
  });

  it('is there with forRootAsync as well', async () => {
    const useFactory = (): object => ({ issuers: [new TestIssuer().options] });
    const testbed = await systemTestbed({
      imports: [RoomgateModule.forRootAsync({ useFactory, backChannelLogout: '/logout' })],
    });
    expect(testbed.get(BackChannelLogout)).toBeInstanceOf(BackChannelLogout);
    const answer = await fetch(`${await urlOf(testbed)}/logout`, { method: 'POST' });
    expect([answer.status, await answer.json()]).toEqual([400, { error: 'invalid_request' }]);
    await testbed.close();
  });

  it('answers with the request id of the audit event, whether it obeys or refuses', async () => {
    const sink = new RecordingSink();
    const issuer = new TestIssuer();
    class Sink extends AuditSink {
      record = (event: AuditEvent): void => sink.record(event);
    }
    const testbed = await systemTestbed({
      imports: [
        RoomgateModule.forRoot({
          issuers: [issuer.options],
          backChannelLogout: '/logout',
          auditSink: Sink,
        }),
      ],
    });
    const url = `${await urlOf(testbed)}/logout`;
    const audience = String(issuer.options.audience);
    const claims = logoutClaims({ issuer: issuer.issuer, audience }, Date.now(), { sub: 'alice' });
    for (const [token, status] of [
      [issuer.sign(LOGOUT_HEADER, claims), 200],
      ['no token', 400],
    ] as const) {
      const answer = await fetch(url, {
        method: 'POST',
        body: new URLSearchParams({ logout_token: token }),
      });
      expect(answer.status).toBe(status);
      expect(sink.takeEvents().map(({ requestId }) => requestId)).toEqual([
        answer.headers.get('x-request-id'),
      ]);
    }
    await testbed.close();
  });

  it('reads and answers at most 16 of 400 requests in a turn of the event loop', async () => {
    const perTurn = [0];
    const httpAdapter = { setHeader: () => {}, reply: () => (perTurn[0] = (perTurn[0] ?? 0) + 1) };
    const logout = { receive: () => Promise.resolve(400) } as unknown as BackChannelLogout;
    const host = { httpAdapter } as unknown as HttpAdapterHost;
    const ports = { addresses: { of: () => '192.0.2.1' } };
    const controller = new BackChannelLogoutController(logout, host, ports as never);
    const next = (): void => {
      perTurn.unshift(0);
      if (perTurn.length < 30) setImmediate(next);
    };
    setImmediate(next);
    await Promise.all(Array.from({ length: 400 }, () => controller.receive({ headers: {} }, {})));
    expect(Math.max(...perTurn)).toBe(16);
    expect(perTurn.reduce((sum, count) => sum + count)).toBe(400);
  });
});

async function urlOf(testbed: Awaited<ReturnType<typeof systemTestbed>>): Promise<string> {
  await testbed.app.listen(0, '127.0.0.1');
  return testbed.app.getUrl();
}

describe('An issuer', () => {
  const issuer = new TestIssuer().options;
  const load = (more: Partial<IssuerOptions>): object =>
    loadIssuers([{ ...issuer, ...more }], true);

  it.each(['logout+jwt', 'Logout+JWT'])('cannot have %s among its types', (typ) => {
    expect(() => load({ typ: ['JWT', typ] })).toThrow(
      expect.objectContaining({ code: 'unsafe_options' }),
    );
  });

  it.each(['', [], [''], {}, /x/, null])('refuses %p for logoutAudience', (logoutAudience) => {
    expect(() => load({ logoutAudience: logoutAudience as never })).toThrow(/"logoutAudience"/);
  });

  it('is the audience of its logout tokens unless there is another one', () => {
    const [own] = loadIssuers([issuer], true).values();
    expect(own?.logoutAudience).toEqual([issuer.audience]);
    const [other] = loadIssuers([{ ...issuer, logoutAudience: 'client' }], true).values();
    expect([other?.audience, other?.logoutAudience]).toEqual([[issuer.audience], ['client']]);
  });
});
