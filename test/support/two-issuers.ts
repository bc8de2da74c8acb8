import type { KeyObject } from 'node:crypto';
import type { IssuerOptions } from '../../src/admission/admission.options.js';
import { FakeClock } from '../../src/toolkit/testing/fake-clock.js';
import { ecPair, rsaPair, secretKey } from './key-ring.js';
import { signToken } from './sign-token.js';

export const A = 'https://a.test';
export const B = 'https://b.test';
/** Signs with a shared secret. */
export const H = 'https://h.test';
export const AUDIENCE = 'chat';

/**
 * Two issuers that do not trust each other and yet use the same kid, a third one with a secret, and everything that is needed
 * to sign good and bad tokens in their names.
 */
export class TwoIssuers {
  readonly clock = new FakeClock(1_800_000_000_000);
  readonly nowS = this.clock.now() / 1_000;
  readonly es = ecPair();
  readonly rs = rsaPair();
  readonly esOfB = ecPair();
  readonly stranger = ecPair();
  readonly secret = secretKey();

  /** What a server believes. */
  readonly issuers: readonly IssuerOptions[] = [
    {
      issuer: A,
      audience: AUDIENCE,
      algorithms: ['ES256', 'RS256', 'PS256'],
      keys: [
        { kid: 'es', key: this.es.publicKey },
        { kid: 'rs', key: this.rs.publicKey },
      ],
    },
    {
      issuer: B,
      audience: [AUDIENCE, 'mail'],
      algorithms: ['ES256'],
      keys: [{ kid: 'es', key: this.esOfB.publicKey }],
    },
  ];

  /** The one that only verifiers with secrets can believe. */
  readonly secretIssuer: IssuerOptions = {
    issuer: H,
    audience: AUDIENCE,
    algorithms: ['HS256'],
    keys: [{ kid: 'hs', secret: this.secret }],
  };

  /** The claims of a good token of A, with others over them; one that is undefined is left out. */
  claims(others: object = {}): Record<string, unknown> {
    const { nowS } = this;
    const all = { iss: A, aud: AUDIENCE, sub: 'alice', iat: nowS - 10, exp: nowS + 3_600 };
    return JSON.parse(JSON.stringify({ ...all, ...others })) as Record<string, unknown>;
  }

  /** A token in A's name, good unless header or claims say otherwise. Claims may be JSON text. */
  token(
    header: object = {},
    claims: object | string = {},
    key: KeyObject = this.es.privateKey,
    algorithm?: string,
  ): string {
    const all = { alg: 'ES256', typ: 'JWT', kid: 'es', ...header };
    const payload = typeof claims === 'string' ? claims : this.claims(claims);
    return signToken(JSON.parse(JSON.stringify(all)), payload, key, algorithm);
  }

  /** A signed token whose claim is what the JSON text says, which literals and libraries could not say. */
  tokenSaying(name: string, json: string): string {
    return this.token(
      {},
      JSON.stringify(this.claims({ [name]: '?' })).replace('"?"', () => json),
    );
  }
}
