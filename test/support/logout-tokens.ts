import { randomUUID } from 'node:crypto';

export const LOGOUT_HEADER = { alg: 'ES256', typ: 'logout+jwt' };

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

interface Issuer {
  readonly issuer: string;
  readonly audience: string;
}

/** The claims of a good logout token, with others over them; one that is undefined is left out. */
export function logoutClaims(
  { issuer, audience }: Issuer,
  nowMs: number,
  others: object = {},
): Record<string, unknown> {
  const nowS = Math.floor(nowMs / 1000);
  const all = {
    iss: issuer,
    aud: audience,
    iat: nowS,
    exp: nowS + 120,
    jti: randomUUID(),
    events: { [EVENT]: {} },
    ...others,
  };
  return JSON.parse(JSON.stringify(all)) as Record<string, unknown>;
}

/** Others of claims, each of which makes a logout token odd. */
export const ODD_LOGOUTS: [string, object][] = [
  ['neither sub nor sid', { sub: undefined }],
  ['an empty sub', { sub: '' }],
  ['a number for sub', { sub: 7 }],
  ['a list for sub', { sub: ['alice'] }],
  ['null for sub', { sub: null }],
  ['a sub of 256 bytes', { sub: 'x'.repeat(256) }],
  ['an empty sid', { sid: '' }],
  ['a number for sid', { sid: 7 }],
  ['null for sid', { sid: null }],
  ['no audience', { aud: undefined }],
  ['an empty audience', { aud: '' }],
  ['no audiences', { aud: [] }],
  ['no iat', { iat: undefined }],
  ['text for iat', { iat: '1800000000' }],
  ['a negative iat', { iat: -1 }],
  ['an endless iat', { iat: 1e308 }],
  ['an iat to come', { iat: 4e9, exp: 4e9 + 60 }],
  ['no exp', { exp: undefined }],
  ['text for exp', { exp: '4000000000' }],
  ['an endless exp', { exp: 1e308 }],
  ['an exp that is past', { iat: 1_000, exp: 1_060 }],
  ['a life of more than a day', { iat: 1_000 }],
  ['no jti', { jti: undefined }],
  ['an empty jti', { jti: '' }],
  ['a number for jti', { jti: 7 }],
  ['no events', { events: undefined }],
  ['null for events', { events: null }],
  ['a list of events', { events: [EVENT] }],
  ['text for events', { events: EVENT }],
  ['another event', { events: { 'http://schemas.openid.net/event/other': {} } }],
  ['a flag for the event', { events: { [EVENT]: true } }],
  ['null for the event', { events: { [EVENT]: null } }],
  ['a list for the event', { events: { [EVENT]: [] } }],
  ['text for the event', { events: { [EVENT]: '' } }],
  ['a nonce', { nonce: 'n' }],
  ['null for a nonce', { nonce: null }],
];
