import type { Revocation } from '../admission/revocation.js';
import type { Revocations } from '../admission/revocations.js';
import { CLOSE_CODES } from './close-codes.js';
import type { ConnectionAudit } from './connection-audit.js';
import type { Registry } from './registry.js';

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
