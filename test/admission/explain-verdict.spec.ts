import { AUDIT_REASONS, type AuditEvent, type AuditReason, explainVerdict } from 'nestjs-roomgate';
import { CREDENTIAL_PLACES, CREDENTIAL_SHAPES } from '../../src/admission/credential.js';
import { REFUSALS } from '../../src/admission/refusals.js';

const REASONS = Object.keys(AUDIT_REASONS) as AuditReason[];
const refused = (
  reason: AuditReason,
  others: Partial<AuditEvent> = {},
): Omit<AuditEvent, 'at'> => ({
  kind: 'refused',
  reason,
  ...others,
});

describe('explainVerdict', () => {
  it.each(REASONS)('has a text for %s that says what was wrong and what to change', (reason) => {
    const { what, change, ...others } = explainVerdict(refused(reason));
    expect(what).toBe(AUDIT_REASONS[reason]);
    expect(change).toMatch(/^[A-Z].*\.$/s);
    expect(others.reason).toBe(reason);
  });

  it.each(Object.keys(REFUSALS) as AuditReason[])(
    'knows the row of the verdict table of %s',
    (code) => {
      expect(explainVerdict(refused(code)).row).toBeGreaterThan(0);
    },
  );

  it('names no row for what happens to an open connection', () => {
    expect(explainVerdict({ kind: 'closed', reason: 'token_expired' }).row).toBeUndefined();
  });

  it.each<[AuditReason, string]>([
    ['claim_iss', 'claim iss'],
    ['claim_sub', 'claim sub'],
    ['claim_exp', 'claim exp'],
    ['claim_iat', 'claim iat'],
    ['claim_nbf', 'claim nbf'],
    ['token_expired', 'claim exp'],
    ['issuer', 'claim iss'],
    ['audience', 'claim aud'],
    ['insufficient_scope', 'claim scope'],
    ['algorithm', "alg of the token's header"],
    ['type', "typ of the token's header"],
    ['no_token', 'header Authorization'],
    ['origin_not_allowed', 'header Origin'],
    ['host_not_allowed', 'header Host'],
  ])('names what is at fault for %s: %s', (reason, at) => {
    expect(explainVerdict(refused(reason)).at).toBe(at);
  });

  it.each<[AuditReason, number, RegExp]>([
    ['token_expired', 12_400, /it expired 12 s ago\.$/],
    ['claim_iat', 60_000, /60 s ahead\.$/],
    ['claim_nbf', 7_000, /7 s ahead\.$/],
    ['token_life', 3_600_000, /live 3600 s longer\.$/],
  ])('says by how much a time misses for %s', (reason, offByMs, text) => {
    expect(explainVerdict(refused(reason, { offByMs })).what).toMatch(text);
  });

  it('names the configured issuers only when it is given them', () => {
    expect(explainVerdict(refused('issuer')).change).not.toContain('Configured');
    const { change } = explainVerdict(refused('issuer'), { issuers: ['https://id.test'] });
    expect(change).toMatch(/Configured: "https:\/\/id\.test"\.$/);
  });

  it('names the Host that arrived and the line to add', () => {
    const { seen, change } = explainVerdict(refused('host_not_allowed', { seen: 'up:8080' }));
    expect(seen).toBe('Host "up:8080"');
    expect(change).toContain('allowedHosts: ["up:8080"]');
  });

  it('names the Origin that was refused, the Host it came with, and the line to add', () => {
    const event = refused('origin_not_allowed', { seen: 'https://a.test', host: 'up' });
    const { seen, change } = explainVerdict(event);
    expect(seen).toBe('Origin "https://a.test" at Host "up"');
    expect(change).toContain('allowedOrigins: ["https://a.test"]');
  });

  it('names the scopes that are needed', () => {
    const { change } = explainVerdict(refused('insufficient_scope', { scope: 'a b' }));
    expect(change).toContain('"a b"');
  });

  it.each(Object.keys(CREDENTIAL_SHAPES) as (keyof typeof CREDENTIAL_SHAPES)[])(
    'says what to change about a credential of the shape %s',
    (shape) => {
      const credential = { place: 'authorization', shape } as const;
      const { seen, change } = explainVerdict(refused('malformed_authorization', { credential }));
      expect(seen).toContain(CREDENTIAL_SHAPES[shape].seen);
      expect(change).toMatch(/^[A-Z].*\.$/);
    },
  );

  it.each(Object.keys(CREDENTIAL_PLACES) as (keyof typeof CREDENTIAL_PLACES)[])(
    'says what to change about a credential in the place %s',
    (place) => {
      const { seen, change } = explainVerdict(
        refused('no_token', { credential: { place, shape: 'jwt', name: 'token' } }),
      );
      expect(seen).toBe(
        place === 'none' ? 'no credential' : `a JWT ${CREDENTIAL_PLACES[place]} (token)`,
      );
      expect(change).toMatch(/^(Send|Use|Write) .*\.$/);
    },
  );

  it('says so when a token that was refused is a placeholder', () => {
    const credential = { place: 'authorization', shape: 'placeholder' } as const;
    expect(explainVerdict(refused('token_parts', { credential })).change).toContain('variable');
  });

  it('hands on the request id', () => {
    expect(explainVerdict(refused('no_token', { requestId: 'x' })).requestId).toBe('x');
  });
});
