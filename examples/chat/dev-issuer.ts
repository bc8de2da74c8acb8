import {
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  randomBytes,
  randomUUID,
} from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JwtService } from '@nestjs/jwt';
import type { IssuerOptions } from 'nestjs-roomgate';
import { refuseStrictMode, Sentence } from './sentence.js';

const ISSUER = 'urn:roomgate:dev';
const AUDIENCE = 'roomgate-example';
const MAX_TTL_SECONDS = 3_600;
const KEY_FILE = fileURLToPath(new URL('../../../.keys/dev-es256.jwk.json', import.meta.url));

/** A development key pair as a private JWK (RFC 7517). Its kid begins with `dev-`, so that strict mode refuses it everywhere. */
export interface DevKey extends JsonWebKey {
  readonly kid: string;
}

/** Reads the development key of this checkout. */
export function readDevKey(): DevKey {
  refuseStrictMode();
  try {
    return JSON.parse(readFileSync(KEY_FILE, 'utf8')) as DevKey;
  } catch {
    throw new Sentence('There is no development key yet: start the example once with `npm start`.');
  }
}

/** Reads the development key, or makes one that only this user can read and that git ignores. */
export function ensureDevKey(): DevKey {
  refuseStrictMode();
  try {
    return readDevKey();
  } catch {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = {
      ...privateKey.export({ format: 'jwk' }),
      kid: `dev-${randomBytes(4).toString('hex')}`,
    };
    mkdirSync(dirname(KEY_FILE), { recursive: true, mode: 0o700 });
    writeFileSync(KEY_FILE, JSON.stringify(key), { mode: 0o600 });
    return key;
  }
}

/** What a server believes the development tokens by: the public half. */
export function devIssuer(key: DevKey): IssuerOptions {
  const publicKey = createPublicKey({ key, format: 'jwk' });
  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['ES256'],
    keys: [{ kid: key.kid, key: publicKey }],
  };
}

/** A token of one hour for one person and some rooms. */
export function mintToken(key: DevKey, subject: string, rooms: readonly string[]): Promise<string> {
  const { kid, ...jwk } = key;
  return new JwtService({}).signAsync(
    { rooms },
    {
      // jsonwebtoken signs with a KeyObject or PEM; a JWK goes in through node:crypto.
      privateKey: { key: jwk, format: 'jwk' } as never,
      algorithm: 'ES256',
      keyid: kid,
      issuer: ISSUER,
      audience: AUDIENCE,
      subject,
      jwtid: randomUUID(),
      expiresIn: MAX_TTL_SECONDS,
    },
  );
}
