import { generateKeyPairSync, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ISSUER = 'https://id.example.com';
const AUDIENCE = 'shop';
const TOKEN_SECONDS = 300;

/** An identity provider of our own: no code of roomgate signs the tokens that roomgate is given. */
export function createIssuer(folder) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKeyFile = join(folder, 'issuer.pem');
  writeFileSync(publicKeyFile, publicKey.export({ type: 'spki', format: 'pem' }));

  return {
    environment: {
      ROOMGATE_ISSUER: ISSUER,
      ROOMGATE_AUDIENCE: AUDIENCE,
      ROOMGATE_ALGORITHMS: 'ES256',
      ROOMGATE_PUBLIC_KEY_FILE: publicKeyFile,
    },
    mint(claims) {
      const iat = Math.floor(Date.now() / 1000);
      const times = { iat, exp: iat + TOKEN_SECONDS };
      const head = encode({ alg: 'ES256', typ: 'JWT' });
      const body = encode({ iss: ISSUER, aud: AUDIENCE, ...times, ...claims });
      // RFC 7518: the signature is r and s side by side, not the ASN.1 that node makes by default.
      const key = { key: privateKey, dsaEncoding: 'ieee-p1363' };
      const signature = sign('sha256', Buffer.from(`${head}.${body}`), key).toString('base64url');
      return `${head}.${body}.${signature}`;
    },
  };
}

function encode(part) {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
