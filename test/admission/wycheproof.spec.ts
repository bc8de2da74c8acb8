/**
 * Runs the JOSE vectors of C2SP/wycheproof (Apache-2.0) through the verifier. They are not part of this repository: set
 * WYCHEPROOF_VECTORS to their folder `testvectors_v1`. The same cases with keys of our own are in verification-key.spec.ts.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IssuerOptions } from '../../src/index.js';
import { loadIssuers } from '../../src/admission/issuer.js';
import { JwtTokenVerifier } from '../../src/admission/jwt-token-verifier.js';
import { Refusal } from '../../src/admission/refusals.js';
import { parseToken } from '../../src/admission/token-shape.js';
import { TokenRefusedError } from '../../src/admission/token-verifier.js';
import { encodePart } from '../support/sign-token.js';

type Jwk = Readonly<Record<string, string>>;

interface Group {
  readonly public?: Jwk & { keys?: Jwk[] };
  readonly private?: Jwk & { keys?: Jwk[] };
  readonly tests: { tcId: number; comment: string; jws?: unknown; result: string }[];
}

const folder = process.env['WYCHEPROOF_VECTORS'];
const FILES = ['json_web_signature_test', 'json_web_key_test', 'json_web_crypto_test'];

/** Said to be invalid, yet byte for byte the valid vector 357 of the same group. */
const IDENTICAL_TO_A_VALID_ONE = [367, 370];

const groupsOf = (file: string): Group[] =>
  (JSON.parse(readFileSync(join(folder ?? '', `${file}.json`), 'utf8')) as { testGroups: Group[] })
    .testGroups;

/** Throws unless the token is accepted. Payloads of the vectors are no claims, so claims of our own take their place. */
function verify(jws: string, group: Group, algorithmsOf: (jwk: Jwk, alg: string) => string): void {
  const given = group.public ?? group.private ?? {};
  const jwks = Array.isArray(given.keys) ? given.keys : [given as Jwk];
  const [header = '', payload = '', ...signature] = jws.split('.');
  for (const part of [payload, encodePart({})]) {
    const text = [header, encodePart({}), part].join('.');
    if (part !== '' && parseToken(text, 8_192) instanceof Refusal) throw new Error('encoding');
  }
  const shape = parseToken([header, encodePart({}), ...signature].join('.'), 8_192);
  if (shape instanceof Refusal) throw new Error(shape.reason);
  const keys = jwks.map((jwk) => (jwk['kty'] === 'oct' ? { secret: jwk } : jwk));
  const algorithms = [...new Set(jwks.map((jwk) => algorithmsOf(jwk, shape.header.alg)))];
  const issuer = { issuer: 'x', audience: 'y', algorithms, keys } as IssuerOptions;
  const verifier = new JwtTokenVerifier(loadIssuers([issuer], true), true);
  const verdict = verifier.verify({ ...shape, text: jws, claims: { iss: 'x', aud: 'y' } });
  if (verdict instanceof TokenRefusedError) throw verdict;
}

(folder ? describe : describe.skip)('The JOSE vectors of Wycheproof', () => {
  it.each<[string, (jwk: Jwk, alg: string) => string]>([
    ['that each key names', (jwk, alg) => jwk['alg'] ?? alg],
    ['that the token names', (_jwk, alg) => alg],
  ])('are never wrongly accepted by an issuer with the algorithm %s', (_name, algorithmsOf) => {
    const accepted: number[] = [];
    let valid = 0;
    for (const group of FILES.flatMap(groupsOf))
      for (const { tcId, jws, result } of group.tests) {
        try {
          verify(String(jws), group, algorithmsOf);
        } catch {
          continue;
        }
        if (result === 'valid') valid += 1;
        else accepted.push(tcId);
      }
    expect(accepted).toEqual(IDENTICAL_TO_A_VALID_ONE);
    expect(valid).toBeGreaterThanOrEqual(47);
  });
});
