import type { RoomConnection } from './connection.js';

/** A handler of a room gateway, as Nest binds it to one connection: its guards, pipes, interceptors and filters are in it. */
export interface MessageHandler {
  readonly message: unknown;
  readonly callback: (...args: unknown[]) => unknown;
}

/** What dispatch has to know of a handler, the same for all connections. */
export interface HandlerInfo {
  /** May run beside other messages of its connection. */
  readonly isUnordered: boolean;
  /** User filters may answer for it, so that an empty result need not mean success. */
  readonly hasUserFilters: boolean;
}

/** The handlers behind one gateway path: built once, shared by its connections, which hold no more than Nest's own array. */
export class HandlerTable {
  readonly #indexes = new Map<string, number>();
  /** `handleConnection` hooks that have to settle before the inbox of a connection opens. */
  connectHooks = 0;

  constructor(private readonly infos: ReadonlyMap<string, HandlerInfo>) {}

  /** Takes the handlers of one gateway class; several classes on one path come in the same order for every connection. */
  bind(connection: RoomConnection, handlers: readonly MessageHandler[]): void {
    const before = connection.handlers.length;
    connection.handlers = before === 0 ? handlers : [...connection.handlers, ...handlers];
    if (this.#indexes.size >= connection.handlers.length) return;
    for (const [index, { message }] of handlers.entries())
      this.#indexes.set(String(message), before + index);
  }

  find(
    connection: RoomConnection,
    event: string,
  ): { handler: MessageHandler; info: HandlerInfo } | undefined {
    const index = this.#indexes.get(event);
    const handler = index === undefined ? undefined : connection.handlers[index];
    const info = this.infos.get(event);
    return handler && info && { handler, info };
  }
}
