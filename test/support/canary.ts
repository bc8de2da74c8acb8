import type { TestIssuer, TokenRequest } from 'nestjs-roomgate/testing';

/** A word that must not be found where it does not belong, in the forms in which it could be. */
export const CANARY = 'xq7canary7qx';

const FORMS = [CANARY, ...['', ' ', '  '].map((shift) => base64Core(shift + CANARY))];

/** What of base64 text is the same whatever stands around it. */
function base64Core(text: string): string {
  return Buffer.from(text).toString('base64url').slice(4, -4);
}

/** A good token that sings: a claim of it holds the word. */
export function mintCanary(issuer: TestIssuer, request: TokenRequest = {}): string {
  return issuer.mint({ ...request, claims: { ...request.claims, secret: CANARY } });
}

/** Fails when the word, or a secret given besides, stands in the text. */
export function expectNoCanary(text: string, ...secrets: string[]): void {
  const parts = secrets.flatMap((secret) => secret.split('.')).filter((part) => part.length > 16);
  const found = [...FORMS, ...parts].filter((form) => text.includes(form));
  expect({ found, text: found.length > 0 ? text : '' }).toEqual({ found: [], text: '' });
}
