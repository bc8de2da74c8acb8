import type { RoomConnection } from './connection.js';

/** All connections of this node, and those of one principal. */
export class Registry {
  readonly #connections = new Map<string, RoomConnection>();
  /** Most principals have one connection, which needs no set around it. */
  readonly #bySubject = new Map<string, RoomConnection | Set<RoomConnection>>();

  get size(): number {
    return this.#connections.size;
  }

  /** Principals that have a connection. */
  get subjects(): number {
    return this.#bySubject.size;
  }

  add(connection: RoomConnection): void {
    this.#connections.set(connection.id, connection);
    const { identity } = connection.principal;
    const own = this.#bySubject.get(identity);
    if (own instanceof Set) own.add(connection);
    else this.#bySubject.set(identity, own ? new Set([own, connection]) : connection);
  }

  remove(connection: RoomConnection): void {
    this.#connections.delete(connection.id);
    const { identity } = connection.principal;
    const own = this.#bySubject.get(identity);
    if (own instanceof Set) own.delete(connection);
    if (own === connection || (own instanceof Set && own.size === 0))
      this.#bySubject.delete(identity);
  }

  get(id: string): RoomConnection | undefined {
    return this.#connections.get(id);
  }

  all(): Iterable<RoomConnection> {
    return this.#connections.values();
  }

  /** How many of them are open: one that is closing counts no more, however long its client takes to answer. */
  openOf(identity: string): number {
    let count = 0;
    for (const { isOpen } of this.ofSubject(identity)) count += isOpen ? 1 : 0;
    return count;
  }

  /** The connections of one principal, by `principal.identity` (issuer and subject). */
  ofSubject(identity: string): Iterable<RoomConnection> {
    const own = this.#bySubject.get(identity);
    if (own === undefined) return [];
    return own instanceof Set ? own : [own];
  }
}
