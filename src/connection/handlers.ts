import type { ServerConnection } from './connection.js';

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
  /** Interceptors of its own or its class stand around it, so that its result is always an Observable and it runs when that is subscribed to. */
  readonly isIntercepted: boolean;
}

/** Where Nest's array has the handler of an event. */
interface HandlerEntry {
  readonly index: number;
  readonly info: HandlerInfo;
}

/** What the gateway classes behind a path are interested in. */
export interface GatewayHooks {
  /** `handleConnection` hooks that have to settle before the inbox of a connection opens. */
  readonly connect: number;
  /** Whether there is a hook that has to hear of connections that never say anything. */
  readonly any: boolean;
}

/** The handlers behind one gateway path: built once, shared by its connections, which hold no more than Nest's own array. */
export class HandlerTable {
  readonly #entries = new Map<string, HandlerEntry>();
  /** Has Nest bind its handlers to a connection. Set by the server of the path. */
  attach: (connection: ServerConnection) => void = () => {};

  constructor(
    private readonly infos: ReadonlyMap<string, HandlerInfo>,
    /** Made stricter when instances are known: a gateway in request scope is made when a connection opens. */
    public hooks: GatewayHooks,
  ) {}

  /** Takes the handlers of one gateway class; several classes on one path come in the same order for every connection. */
  bind(connection: ServerConnection, handlers: readonly MessageHandler[]): void {
    const before = connection.handlers?.length ?? 0;
    connection.handlers = before === 0 ? handlers : [...(connection.handlers ?? []), ...handlers];
    if (this.#entries.size >= connection.handlers.length) return;
    for (const [index, { message }] of handlers.entries()) {
      const info = this.infos.get(String(message));
      if (info) this.#entries.set(String(message), { index: before + index, info });
    }
  }

  /** The handlers bound to the connection: on its first message, so that one that only listens holds none. */
  handlersOf(connection: ServerConnection): readonly MessageHandler[] {
    // Once, also where a gateway has no handlers at all: attaching tells its hooks.
    if (!connection.handlers) {
      connection.handlers = [];
      this.attach(connection);
    }
    return connection.handlers;
  }

  /** Known once handlers were bound to any connection. */
  find(event: string): HandlerEntry | undefined {
    return this.#entries.get(event);
  }
}
