import type { Revocation } from '../admission/revocation.js';
import type { Revocations } from '../admission/revocations.js';
import type { ConnectionAudit } from './audit.js';
import type { ServerConnection } from './connection.js';
import { CLOSE_CODES } from './system-messages.js';

/** All connections of this node, and those of one principal. */
export class Registry {
  readonly #connections = new Map<string, ServerConnection>();
  /** Most principals have one connection, which needs no set around it. */
  readonly #bySubject = new Map<string, ServerConnection | Set<ServerConnection>>();

  get size(): number {
    return this.#connections.size;
  }

  /** Principals that have a connection. */
  get subjects(): number {
    return this.#bySubject.size;
  }

  add(connection: ServerConnection): void {
    this.#connections.set(connection.id, connection);
    const { identity } = connection.principal;
    const own = this.#bySubject.get(identity);
    if (own instanceof Set) own.add(connection);
    else this.#bySubject.set(identity, own ? new Set([own, connection]) : connection);
  }

  remove(connection: ServerConnection): void {
    this.#connections.delete(connection.id);
    const { identity } = connection.principal;
    const own = this.#bySubject.get(identity);
    if (own instanceof Set) own.delete(connection);
    if (own === connection || (own instanceof Set && own.size === 0))
      this.#bySubject.delete(identity);
  }

  get(id: string): ServerConnection | undefined {
    return this.#connections.get(id);
  }

  all(): Iterable<ServerConnection> {
    return this.#connections.values();
  }

  /** Connections of a principal, with those that are closing: each counts until it is gone. */
  readonly countOf = (identity: string): number => {
    const own = this.#bySubject.get(identity);
    return own instanceof Set ? own.size : own ? 1 : 0;
  };

  /** Those of them that accept no more messages and still have some to handle. */
  readonly finishingOf = (identity: string): number => {
    if (!this.#bySubject.has(identity)) return 0;
    let finishing = 0;
    for (const { isOpen, isActive } of this.ofSubject(identity))
      finishing += !isOpen && isActive ? 1 : 0;
    return finishing;
  };

  /** The connections of one principal, by `principal.identity` (issuer and subject). */
  ofSubject(identity: string): Iterable<ServerConnection> {
    const own = this.#bySubject.get(identity);
    if (own === undefined) return [];
    return own instanceof Set ? own : [own];
  }
}

/** Whoever lives by what was revoked goes at once, with nothing more to read. */
export function kick(
  revocation: Revocation,
  revocations: Revocations,
  registry: Registry,
  audit: ConnectionAudit,
): void {
  const candidates =
    'identity' in revocation ? registry.ofSubject(revocation.identity) : registry.all();
  for (const connection of candidates) {
    if (!revocations.concerns(revocation, connection.principal)) continue;
    if (connection.isActive) audit.revoked(connection, revocation.kind);
    connection.end(CLOSE_CODES.signedOut, { drop: true });
  }
}
