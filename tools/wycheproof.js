#!/usr/bin/env node
/**
 * Runs the JOSE vectors of C2SP/wycheproof (Apache-2.0, not part of this repository) through the built verifier:
 * `node tools/build.js && node tools/wycheproof.js <wycheproof>/testvectors_v1`. The kinds of these vectors, with keys of
 * our own, are in test/admission/jose-vectors.spec.ts.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FILES = ['json_web_signature_test', 'json_web_key_test', 'json_web_crypto_test'];
/** Said to be invalid, yet byte for byte the valid vector 357 of the same group. */
const IDENTICAL_TO_A_VALID_ONE = [367, 370];
const MIN_VALID = 49;

const folder = process.argv[2];
const built = new URL('../dist/admission/issuer.js', import.meta.url);
if (!folder || !existsSync(join(folder, `${FILES[0]}.json`)) || !existsSync(built)) {
  console.error(
    'Expected a built tree (node tools/build.js) and the folder testvectors_v1 of C2SP/wycheproof as the argument.',
  );
  process.exit(2);
}

const { loadIssuers } = await import('../dist/admission/issuer.js');
const { JwtTokenVerifier } = await import('../dist/admission/jwt-token-verifier.js');
const { Refusal } = await import('../dist/admission/refusals.js');
const { parseToken } = await import('../dist/admission/token.js');
const { TokenRefusedError } = await import('../dist/admission/token-verifier.js');

const EMPTY = Buffer.from('{}').toString('base64url');

/** @typedef {Record<string, any>} Json what the vectors hold */

/**
 * Throws unless the token is accepted. Payloads of the vectors are no claims, so claims of our own take their place.
 * @param {string} jws @param {Json} group @param {(jwk: Json, alg: string) => string} algorithmsOf
 */
function verify(jws, group, algorithmsOf) {
  const given = group.public ?? group.private ?? {};
  const jwks = Array.isArray(given.keys) ? given.keys : [given];
  const [header = '', payload = '', ...signature] = jws.split('.');
  for (const part of [payload, EMPTY])
    if (part !== '' && parseToken([header, EMPTY, part].join('.'), 8_192) instanceof Refusal)
      throw new Error('encoding');
  const shape = parseToken([header, EMPTY, ...signature].join('.'), 8_192);
  if (shape instanceof Refusal) throw new Error(shape.reason);
  const keys = jwks.map((/** @type {Json} */ jwk) => (jwk.kty === 'oct' ? { secret: jwk } : jwk));
  const algorithms = [
    ...new Set(jwks.map((/** @type {Json} */ jwk) => algorithmsOf(jwk, shape.header.alg))),
  ];
  const issuers = loadIssuers([{ issuer: 'x', audience: 'y', algorithms, keys }], true);
  const claims = { iss: 'x', aud: 'y' };
  const verdict = new JwtTokenVerifier(issuers, true).verify({ ...shape, text: jws, claims });
  if (verdict instanceof TokenRefusedError) throw verdict;
}

const groups = FILES.flatMap(
  (file) => JSON.parse(readFileSync(join(folder, `${file}.json`), 'utf8')).testGroups,
);
/** @type {Record<string, (jwk: Json, alg: string) => string>} */
const ALGORITHMS = {
  'that each key names': (jwk, alg) => jwk.alg ?? alg,
  'that the token names': (_jwk, alg) => alg,
};
for (const [name, algorithmsOf] of Object.entries(ALGORITHMS)) {
  const wrong = [];
  let valid = 0;
  for (const group of groups)
    for (const { tcId, jws, result } of group.tests) {
      try {
        verify(String(jws), group, algorithmsOf);
      } catch {
        continue;
      }
      if (result === 'valid') valid += 1;
      else if (!IDENTICAL_TO_A_VALID_ONE.includes(tcId)) wrong.push(tcId);
    }
  console.log(
    `With the algorithm ${name}: ${valid} valid vectors accepted (at least ${MIN_VALID} expected), wrongly accepted: ${wrong.join(', ') || 'none'}.`,
  );
  if (wrong.length > 0 || valid < MIN_VALID) process.exitCode = 1;
}
