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
    sink = new LogAuditSink(clock);
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
      'warn Logout refused: 400 logout_claims.',
      { kind: 'refused', reason: 'logout_claims', status: 400 },
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

  it('puts no line together when nobody debugs', () => {
    jest.spyOn(Logger, 'isLevelEnabled').mockReturnValue(false);
    record({ kind: 'closed', reason: 'restart', closeCode: 1012, ...CONNECTION });
    expect(lines).toEqual([]);
  });
});
