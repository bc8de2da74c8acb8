import { hash } from 'node:crypto';

/** Augment to type the claims of your tokens: `declare module 'nestjs-roomgate' { interface Register { claims: MyClaims } }`. */
// oxlint-disable-next-line typescript/no-empty-object-type -- an interface, because only interfaces can be augmented
export interface Register {}

/** The verified contents of a token (RFC 7519) that roomgate itself relies on. Times are seconds since the epoch. */
export interface RegisteredClaims {
  readonly iss: string;
  readonly sub: string;
  readonly exp: number;
  readonly iat: number;
  readonly nbf?: number;
  readonly aud?: string | readonly string[];
  readonly jti?: string;
  readonly sid?: string;
  readonly scope?: string;
  readonly rooms?: readonly string[];
  readonly [claim: string]: unknown;
}

export type Claims = Register extends { claims: infer C } ? RegisteredClaims & C : RegisteredClaims;

/** Who a connection acts as. Deep-frozen; the token itself is gone. */
export interface Principal {
  readonly issuer: string;
  readonly subject: string;
  readonly claims: Claims;
  /** The `scope` claim (RFC 6749 §3.3), split on spaces. */
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch after which it is no longer live; clock tolerance is already in it. */
  readonly expiresAt: number;
  /** Names the pair (issuer, subject) in every index, limit and key. */
  readonly identity: string;
}

const NO_SCOPES: readonly string[] = Object.freeze([]);
const MAX_DEPTH = 32;

/** Copies JSON into objects without a prototype and freezes them all. Undefined when it is nested deeper than 32 levels. */
export function freezeJson(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) return undefined;
  if (Array.isArray(value)) return Object.freeze(value.map((item) => freezeJson(item, depth + 1)));
  // It loses its prototype while it is empty: later it would get a hidden class of its own, and created without one it is a hash
  // table to the engine. Every connection keeps one.
  const copy = Object.setPrototypeOf({}, null) as Record<string, unknown>;
  for (const key of Object.keys(value))
    copy[key] = freezeJson((value as Record<string, unknown>)[key], depth + 1);
  return Object.freeze(copy);
}

/** A hash of length-prefixed parts, so that ('a', 'b:c') and ('a:b', 'c') are two identities. */
export function identityOf(issuer: string, subject: string): string {
  const text = `${Buffer.byteLength(issuer)}:${issuer}${Buffer.byteLength(subject)}:${subject}`;
  return hash('sha256', text, 'base64url');
}

export function createPrincipal(claims: RegisteredClaims, clockToleranceMs: number): Principal {
  const scope = typeof claims.scope === 'string' ? claims.scope : '';
  return Object.freeze({
    issuer: claims.iss,
    subject: claims.sub,
    claims: claims as Claims,
    scopes:
      scope === '' ? NO_SCOPES : Object.freeze(scope.split(' ').filter((part) => part !== '')),
    expiresAt: claims.exp * 1000 + clockToleranceMs,
    identity: identityOf(claims.iss, claims.sub),
  });
}
