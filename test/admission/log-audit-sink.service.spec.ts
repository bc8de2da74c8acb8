import { jest } from '@jest/globals';
import { Logger, type LoggerService } from '@nestjs/common';
import { FakeClock } from 'nestjs-roomgate/testing';
import type { AuditEvent } from '../../src/admission/audit.js';
import { LogAuditSink } from '../../src/admission/log-audit-sink.service.js';

const CONNECTION = { connectionId: 'c1', issuer: 'https://id.test', subject: 'alice' };

describe('LogAuditSink', () => {
  const lines: string[] = [];
  let clock: FakeClock;
  let sink: LogAuditSink;

  beforeEach(() => {
    const write =
      (level: string) =>
      (line: string): void =>
        void lines.push(`${level} ${line}`);
    Logger.overrideLogger({
      log: write('log'),
      warn: write('warn'),
      error: write('error'),
      debug: write('debug'),
    } as LoggerService);
    clock = new FakeClock();
    sink = new LogAuditSink(clock, { strict: true, issuers: [] });
  });

  afterEach(() => {
    lines.length = 0;
    Logger.overrideLogger(false);
    jest.restoreAllMocks();
  });

  const record = (event: Omit<AuditEvent, 'at'>): void =>
    sink.record({ ...event, at: clock.now() });

  it.each<[string, Omit<AuditEvent, 'at'>]>([
    ['warn Upgrade refused: 401 no_token.', { kind: 'refused', reason: 'no_token', status: 401 }],
    [
      'warn Upgrade refused: 401 verifier_refused (its words).',
      { kind: 'refused', reason: 'verifier_refused', status: 401, remark: 'its words' },
    ],
    [
      'warn Upgrade refused: 401 no_token, request r1, seen: a JWT in a cookie (jwt).',
      {
        kind: 'refused',
        reason: 'no_token',
        status: 401,
        requestId: 'r1',
        credential: { place: 'cookie', shape: 'jwt', name: 'jwt' },
      },
    ],
    [
      'warn Upgrade refused: 403 host_not_allowed, request r1, seen: Host "up:80"; Add the Host to "allowedHosts", or have the proxy send the Host of the client. The line to add: allowedHosts: ["up:80"].',
      { kind: 'refused', reason: 'host_not_allowed', status: 403, requestId: 'r1', seen: 'up:80' },
    ],
    [
      'warn Logout refused: 400 logout_claims.',
      { kind: 'refused', reason: 'logout_claims', status: 400 },
    ],
    [
      'warn Upgrade refused: 429 too_many_upgrades; Connect again later. One address has at most 5 % of "maxPendingUpgrades": behind a proxy set "trustProxyHops" to tell clients apart. Where many are expected, raise "maxPendingUpgrades" or the limits by address.',
      { kind: 'refused', reason: 'too_many_upgrades', status: 429 },
    ],
    [
      'warn Refresh refused: token_older, connection c1, subject "alice".',
      { kind: 'refresh_refused', reason: 'token_older', ...CONNECTION },
    ],
    [
      'log Kicked: session_revoked, connection c1, subject "alice".',
      { kind: 'revoked', reason: 'session_revoked', ...CONNECTION },
    ],
    [
      'log Left the room: room_forbidden, connection c1, subject "alice".',
      { kind: 'left', reason: 'room_forbidden', ...CONNECTION },
    ],
    [
      'debug Closed: 4440 signed_out, connection c1, subject "alice".',
      { kind: 'closed', reason: 'signed_out', closeCode: 4440, ...CONNECTION },
    ],
    [
      'debug Admitted: admitted, connection c1, subject "alice".',
      { kind: 'admitted', reason: 'admitted', ...CONNECTION },
    ],
    [
      'debug Refreshed: refreshed, connection c1, subject "alice".',
      { kind: 'refreshed', reason: 'refreshed', ...CONNECTION },
    ],
  ])('writes %s', (line, event) => {
    record(event);
    expect(lines).toEqual([line]);
  });

  it('escapes and cuts a subject', () => {
    record({ kind: 'admitted', reason: 'admitted', subject: `\n"${'x'.repeat(300)}` });
    expect(lines[0]).toBe(`debug Admitted: admitted, subject "\\n\\"${'x'.repeat(62)}…".`);
  });

  it.each(['refused', 'refresh_refused', 'revoked', 'left'] as const)(
    'does not make a flood of lines of a flood that is %s',
    (kind) => {
      for (let i = 0; i < 10_000; i++) record({ kind, reason: 'token_revoked' });
      expect(lines).toHaveLength(1);
      clock.advance(10_000);
      record({ kind, reason: 'token_revoked' });
      expect(lines[1]).toContain('token_revoked, 10000 times.');
    },
  );

  describe('in development', () => {
    beforeEach(() => {
      const issuers = [{ issuer: 'https://id.test' }];
      sink = new LogAuditSink(clock, { strict: false, issuers });
    });

    it('explains every refusal in a block of lines', () => {
      const credential = { place: 'authorization', shape: 'bearer' } as const;
      const about = { requestId: 'r1', status: 401, credential };
      for (let i = 0; i < 3; i++) record({ kind: 'refused', reason: 'issuer', ...about });
      expect(lines).toHaveLength(3);
      expect(lines[2]).toBe(
        [
          'warn Upgrade refused: 401 issuer, request r1.',
          '  what:   The issuer of the token is not configured. (row 8 of the verdict table)',
          '  where:  claim iss',
          '  seen:   "Bearer" and one token in the Authorization header',
          '  change: Compare the iss of the token with "issuers[].issuer": both have to be equal to the letter, a slash at the end included. Configured: "https://id.test".',
        ].join('\n'),
      );
    });

    it('has one line for every admission', () => {
      for (let i = 0; i < 3; i++) record({ kind: 'admitted', reason: 'admitted', ...CONNECTION });
      expect(lines).toHaveLength(3);
      expect(lines[0]).toBe('log Admitted: admitted, connection c1, subject "alice".');
    });
  });

  it('is as quiet as in strict mode when nobody tells it otherwise', () => {
    sink = new LogAuditSink(clock);
    for (let i = 0; i < 3; i++) record({ kind: 'refused', reason: 'no_token' });
    expect(lines).toHaveLength(1);
  });

  it('puts no line together when nobody debugs', () => {
    jest.spyOn(Logger, 'isLevelEnabled').mockReturnValue(false);
    record({ kind: 'closed', reason: 'restart', closeCode: 1012, ...CONNECTION });
    expect(lines).toEqual([]);
  });
});
