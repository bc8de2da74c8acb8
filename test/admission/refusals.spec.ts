import { Refusal, type RefusalCode } from '../../src/index.js';
import { REFUSALS } from '../../src/admission/refusals.js';

/** The contract with clients: code, status, challenge, whether to come back. Changing a line here breaks somebody. */
const CONTRACT: [RefusalCode, number, string | undefined, boolean][] = [
  ['draining', 503, undefined, true],
  ['not_found', 404, undefined, false],
  ['method_not_allowed', 405, undefined, false],
  ['bad_request', 400, undefined, false],
  ['bad_upgrade', 400, undefined, false],
  ['upgrade_required', 426, undefined, false],
  ['host_not_allowed', 403, undefined, false],
  ['origin_not_allowed', 403, undefined, false],
  ['token_in_query', 400, 'invalid_request', false],
  ['multiple_credentials', 400, 'invalid_request', false],
  ['malformed_authorization', 400, 'invalid_request', false],
  ['unsupported_scheme', 401, 'none', false],
  ['no_token', 401, 'none', false],
  ['token_invalid', 401, 'invalid_token', false],
  ['token_expired', 401, 'invalid_token', false],
  ['token_not_yet_valid', 401, 'invalid_token', false],
  ['token_revoked', 401, 'invalid_token', false],
  ['keys_unavailable', 503, undefined, true],
  ['authority_stale', 503, undefined, true],
  ['verdict_timeout', 503, undefined, true],
  ['insufficient_scope', 403, 'insufficient_scope', false],
  ['room_forbidden', 403, undefined, false],
  ['too_many_upgrades', 429, undefined, true],
  ['too_many_connections', 429, undefined, true],
  ['room_full', 503, undefined, true],
  ['too_many_rooms', 429, undefined, true],
  ['engine_unavailable', 503, undefined, true],
  ['unavailable', 503, undefined, true],
];

describe('REFUSALS', () => {
  it.each(CONTRACT)('answers %s with %i', (code, status, challenge, retry) => {
    const { row } = new Refusal(code);
    expect([row.status, row.challenge, row.retry ?? false]).toEqual([status, challenge, retry]);
  });

  it('has no row that is not in the contract', () => {
    expect(Object.keys(REFUSALS).toSorted()).toEqual(CONTRACT.map(([code]) => code).toSorted());
  });

  it('challenges in every 401, and says in every 429 and 503 that one may come back', () => {
    for (const code of Object.keys(REFUSALS) as RefusalCode[]) {
      const { status, challenge, retry } = new Refusal(code).row;
      expect(status === 401 ? challenge !== undefined : true).toBe(true);
      expect(status === 429 || status === 503).toBe(retry === true);
    }
  });
});

describe('Refusal', () => {
  it('says its code as reason and the public text as detail unless told otherwise', () => {
    expect(new Refusal('no_token')).toMatchObject({
      code: 'no_token',
      reason: 'no_token',
      detail: REFUSALS.no_token.detail,
      scope: undefined,
    });
    expect(new Refusal('insufficient_scope', 'claim_sub', 'what', 'a b')).toMatchObject({
      reason: 'claim_sub',
      detail: 'what',
      scope: 'a b',
    });
  });
});
