import type { RoomConnection } from './connection.js';

/** All connections of this node, and those of one principal. */
export class Registry {
  readonly #connections = new Map<string, RoomConnection>();
  readonly #bySubject = new Map<string, Set<RoomConnection>>();

  get size(): number {
    return this.#connections.size;
  }

  add(connection: RoomConnection): void {
    this.#connections.set(connection.id, connection);
    const { identity } = connection.principal;
    const own = this.#bySubject.get(identity);
    if (own) own.add(connection);
    else this.#bySubject.set(identity, new Set([connection]));
  }

  remove(connection: RoomConnection): void {
    this.#connections.delete(connection.id);
    const { identity } = connection.principal;
    const own = this.#bySubject.get(identity);
    own?.delete(connection);
    if (own?.size === 0) this.#bySubject.delete(identity);
  }

  get(id: string): RoomConnection | undefined {
    return this.#connections.get(id);
  }

  all(): Iterable<RoomConnection> {
    return this.#connections.values();
  }

  /** The connections of one principal, by `principal.identity` (issuer and subject). */
  ofSubject(identity: string): Iterable<RoomConnection> {
    return this.#bySubject.get(identity) ?? [];
  }
}
