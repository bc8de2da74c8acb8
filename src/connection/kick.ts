import type { Revocation, Revocations } from '../admission/revocation.js';
import type { DisconnectTarget } from '../admission/revocation.service.js';
import { CLOSE_CODES } from './close-codes.js';
import type { RoomConnection } from './connection.js';
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
    if (!connection.isOpen || !revocations.concerns(revocation, connection.principal)) continue;
    audit.revoked(connection, revocation.kind);
    connection.end(CLOSE_CODES.signedOut, { drop: true });
  }
}

/** The connections of one principal, those in one room, or one connection; returns how many were open. */
export function disconnect(target: DisconnectTarget, registry: Registry): number {
  const open = find(target, registry).filter((connection) => connection.isOpen);
  for (const connection of open) connection.end(CLOSE_CODES.signedOut, { drop: true });
  return open.length;
}

function find(target: DisconnectTarget, registry: Registry): RoomConnection[] {
  if ('identity' in target) return [...registry.ofSubject(target.identity)];
  if ('key' in target)
    return [...registry.all()].filter(({ memberships }) =>
      memberships.some(({ key }) => key === target.key),
    );
  const connection = registry.get(target.connectionId);
  return connection ? [connection] : [];
}
