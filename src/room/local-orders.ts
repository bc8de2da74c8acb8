import type { DisconnectTarget } from '../admission/revocation.service.js';
import type { RoomKey } from '../admission/room-id.js';
import { CLOSE_CODES } from '../connection/system-messages.js';
import type { RoomConnection } from '../connection/connection.js';
import type { Registry } from '../connection/registry.js';
import type { Authority, Reauthorized } from './authority.js';
import type { Memberships } from './membership.js';
import type { ReauthorizeTarget } from './order.js';

export interface LocalOrdersPorts {
  readonly registry: Registry;
  readonly memberships: Memberships;
  readonly authority: Authority;
}

/** What orders do to the connections of this node, whoever gave them, and to those at its door. */
export class LocalOrders {
  #everybody: Promise<Reauthorized> | undefined;
  #everybodyAgain: Promise<Reauthorized> | undefined;

  constructor(private readonly ports: LocalOrdersPorts) {}

  /** Takes everybody out of a room; returns how many there were. */
  close(key: RoomKey): number {
    const members = this.#members(key);
    this.ports.authority.close(members, key);
    return members.length;
  }

  /** Closes open connections, however valid; returns how many. */
  disconnect(target: DisconnectTarget): number {
    if ('key' in target) this.ports.authority.generations.raise(target.key);
    const active = activeOf(this.#find(target));
    for (const connection of active) connection.end(CLOSE_CODES.signedOut, { drop: true });
    return active.length;
  }

  /** Asks the policies anew. */
  reauthorize({ key, identity }: ReauthorizeTarget): Promise<Reauthorized> {
    const { authority, registry } = this.ports;
    if (key !== undefined) return authority.reauthorize(activeOf(this.#members(key)), key);
    if (identity === undefined) return this.#reauthorizeAll();
    return authority.reauthorize(activeOf(registry.ofSubject(identity)));
  }

  /** One at a time: who asks while it is at work waits, with all others that do, for one that begins behind it. */
  #reauthorizeAll(): Promise<Reauthorized> {
    const { authority, registry } = this.ports;
    const begin = (): Promise<Reauthorized> => {
      this.#everybodyAgain = undefined;
      const asked = authority.reauthorize(activeOf(registry.all()));
      this.#everybody = asked.finally(() => (this.#everybody = undefined));
      return this.#everybody;
    };
    authority.generations.raise();
    if (!this.#everybody) return begin();
    return (this.#everybodyAgain ??= this.#everybody.then(begin, begin));
  }

  #members(key: RoomKey): readonly RoomConnection[] {
    return [...(this.ports.memberships.get(key)?.members.values() ?? [])];
  }

  #find(target: DisconnectTarget): Iterable<RoomConnection> {
    const { registry } = this.ports;
    if ('key' in target) {
      const { key, identity } = target;
      const isMeant = ({ principal }: RoomConnection): boolean =>
        identity === undefined || principal.identity === identity;
      return this.#members(key).filter(isMeant);
    }
    if ('identity' in target) return registry.ofSubject(target.identity);
    const connection = registry.get(target.connectionId);
    return connection ? [connection] : [];
  }
}

/** Those whose messages are still handled. */
function activeOf(connections: Iterable<RoomConnection>): readonly RoomConnection[] {
  return [...connections].filter(({ isActive }) => isActive);
}
