import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import type { IssuerOptions } from '../../admission/admission.options.js';

/** What a test token says; everything has a default that opens the door. */
export interface TokenRequest {
  /** Default `alice`. */
  sub?: string;
  /** The `rooms` claim. Default none. */
  rooms?: readonly string[];
  /** The `scope` claim, separated by spaces. Default none. */
  scope?: string;
  /** Milliseconds from now to `exp`. Default one hour. */
  ttlMs?: number;
  /** Further claims, or others in place of those above; one that is undefined is left out. */
  claims?: Readonly<Record<string, unknown>>;
}

/** An issuer with a fresh ES256 key pair, for tests: it signs tokens, and `options` is what a server believes them by. */
export class TestIssuer {
  readonly options: IssuerOptions;
  readonly #privateKey: KeyObject;

  constructor(
    private readonly now: () => number = Date.now,
    readonly issuer = 'https://issuer.test',
    readonly audience = 'roomgate-test',
  ) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#privateKey = privateKey;
    this.options = {
      issuer,
      audience,
      algorithms: ['ES256'],
      keys: [publicKey.export({ type: 'spki', format: 'pem' }) as string],
    };
  }

  /** A signed token. `header` goes over the default header. */
  mint(
    { sub = 'alice', rooms, scope, ttlMs = 3_600_000, claims }: TokenRequest = {},
    header: object = {},
  ): string {
    const iat = Math.floor(this.now() / 1000);
    const exp = Math.floor((this.now() + ttlMs) / 1000);
    const all = {
      iss: this.issuer,
      aud: this.audience,
      sub,
      iat,
      exp,
      jti: randomUUID(),
      rooms,
      scope,
      ...claims,
    };
    const payload = Object.fromEntries(
      Object.entries(all).filter(([, value]) => value !== undefined),
    );
    return this.sign({ alg: 'ES256', typ: 'JWT', ...header }, payload);
  }

  /** Signs whatever it is given (RFC 7515): libraries refuse to sign the odd tokens that tests are about. */
  sign(header: object, payload: unknown): string {
    const input = `${encode(header)}.${encode(payload)}`;
    const signature = sign('sha256', Buffer.from(input), {
      key: this.#privateKey,
      dsaEncoding: 'ieee-p1363',
    });
    return `${input}.${signature.toString('base64url')}`;
  }
}

function encode(part: unknown): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
}
