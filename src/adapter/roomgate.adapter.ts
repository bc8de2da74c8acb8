import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:http';
import { type INestApplicationContext, Logger } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { ServerConnection } from '../connection/connection.js';
import type { MessageHandler } from '../connection/handlers.js';
import { ROOMGATE_ADAPTER_PORTS } from '../core/constants.js';
import { RoomgateError } from '../core/errors.js';
import { answerPlainGets } from './plain-get.js';
import type { AdapterPorts, PlainServer } from './ports.js';
import { RoomServer } from './room-server.js';
import { UpgradeDispatch } from './upgrade-dispatch.js';

const APP_PORT = 0;
const UNKNOWN_SERVER =
  "A WebSocket upgrade was refused because it came through an HTTP server that roomgate did not know. That server is served from now on. To have the first one served, too, call app.listen(), or pass the app's HTTP instance itself: http.createServer(app.getHttpAdapter().getInstance()).";

/**
 * Nest's WebSocket adapter on `ws` with a door: every upgrade of a room gateway passes `verifyClient` before the 101. The module
 * installs it by itself; `app.useWebSocketAdapter(new RoomgateAdapter(app))` says the same in words.
 */
export class RoomgateAdapter extends WsAdapter {
  readonly #ports: AdapterPorts;
  #dispatch: UpgradeDispatch | undefined;
  #unwatch: () => void = () => undefined;

  /** @throws Error of Nest when the app does not import RoomgateModule. */
  constructor(app: INestApplicationContext | AdapterPorts) {
    super();
    this.#ports =
      'entrance' in app ? app : app.get<AdapterPorts>(ROOMGATE_ADAPTER_PORTS, { strict: false });
  }

  /** @internal Whether it was made of these parts, by the same import of the module. */
  serves(ports: AdapterPorts): boolean {
    return this.#ports === ports;
  }

  override create(port: number, options: Record<string, unknown> = {}): unknown {
    const httpAdapter = this.#ports.httpAdapter();
    if (!httpAdapter)
      throw new RoomgateError(
        'adapter_conflict',
        'Room gateways need the HTTP server of the app, and this app has none.',
      );
    // The HTTP server was made after this adapter; Nest's field is read-only and set by its constructor only.
    Object.assign(this, { httpServer: httpAdapter.getHttpServer() });
    // Nest makes the server of the room gateways before it registers routes and its "not found" handler.
    this.ensureHttpServerExists(APP_PORT, this.httpServer as Server);
    if (!options.roomGateway) return super.create(port, options as never) as unknown;
    const route = this.#ports.routes.get(String(options.path));
    if (!route || port !== APP_PORT)
      throw new RoomgateError(
        'gateway_conflict',
        `The room gateway at "${String(options.path)}" is not served by RoomgateModule: it needs the app's own port and one @RoomGateway.`,
      );
    const server = new RoomServer(route, this.#ports.prefix());
    this.#dispatch?.rooms.push(server);
    return server;
  }

  override bindMessageHandlers(client: never, handlers: never, transform: never): void {
    const connection: unknown = client;
    if (connection instanceof ServerConnection)
      connection.table.bind(connection, handlers as readonly MessageHandler[]);
    else super.bindMessageHandlers(client, handlers, transform);
  }

  override bindClientDisconnect(client: never, callback: (code: number) => void): void {
    const connection: unknown = client;
    if (connection instanceof ServerConnection) connection.onDisconnect.push(callback);
    else super.bindClientDisconnect(client, callback);
  }

  override async close(server: never): Promise<void> {
    // Connections of rooms were told and closed before Nest gets here.
    if (!((server as unknown) instanceof RoomServer)) await super.close(server);
  }

  override async dispose(): Promise<void> {
    this.#unwatch();
    this.#dispatch?.destroy();
    this.#dispatch = undefined;
    await super.dispose();
  }

  /** Ours instead of the stock listener, which destroys every upgrade that is not its own. */
  protected override ensureHttpServerExists(port: number, httpServer?: Server): Server | undefined {
    if (port !== APP_PORT || !httpServer)
      return super.ensureHttpServerExists(port, httpServer) as Server | undefined;
    if (this.#dispatch) return httpServer;
    const plain = (): readonly PlainServer[] =>
      (this.wsServersRegistry.get(APP_PORT) ?? []) as unknown as PlainServer[];
    const serve = (server: Server): void => {
      dispatch.serve(server);
      boundHeaders(server, this.#ports.options.headersTimeoutMs);
    };
    const dispatch = new UpgradeDispatch(this.#ports, plain, (server) => {
      serve(server);
      new Logger('Roomgate').warn(UNKNOWN_SERVER);
    });
    this.#dispatch = dispatch;
    serve(httpServer);
    const httpAdapter = this.#ports.httpAdapter();
    this.#unwatch = watchOtherServers(httpAdapter.getInstance(), serve);
    this.httpServersRegistry.set(port, httpServer);
    answerPlainGets(httpAdapter, (request) => dispatch.answerPlainGet(request));
    return httpServer;
  }
}

/** What Node gives a server for which nobody has set it. */
const NODE_DEFAULT_MS = 60_000;
/** How often Node is to look: those who came in such a time and stall are let go in one turn, for which all others wait. */
const CHECK_EVERY_MS = 250;

/**
 * Bounds how long a client may take to send the head of a request: Node allows a minute, and looks only every half a minute.
 * A host that has set a time of its own keeps it. The interval is read when the server begins to listen, which is after this.
 */
export function boundHeaders(server: Server, timeoutMs: number): void {
  if (timeoutMs === 0 || server.headersTimeout !== NODE_DEFAULT_MS) return;
  server.headersTimeout = timeoutMs;
  const checked = server as { connectionsCheckingInterval?: number };
  const intervalMs = Math.min(CHECK_EVERY_MS, Math.ceil(timeoutMs / 2));
  checked.connectionsCheckingInterval = Math.min(
    intervalMs,
    checked.connectionsCheckingInterval ?? intervalMs,
  );
}

const LISTENS = 'tracing:net.server.listen:asyncStart';

/** The parts of an Express or Fastify instance that are request listeners: the app itself, and Fastify's `routing`. */
export type HttpInstance = { readonly routing?: unknown } | undefined;

/**
 * Calls `found` with each server that begins to listen and hands its requests to the app: an app may call `init()` and then
 * `http.createServer(instance).listen(…)`, as Nest's page about several servers says. Returns what ends it.
 */
function watchOtherServers(instance: HttpInstance, found: (server: Server) => void): () => void {
  const onListen = (message: unknown): void => {
    const { server } = message as { server: Server };
    const listeners = server.listeners('request') as unknown[];
    const serves = (part: unknown): boolean => part !== undefined && listeners.includes(part);
    if (serves(instance) || serves(instance?.routing)) found(server);
  };
  subscribe(LISTENS, onListen);
  return () => void unsubscribe(LISTENS, onListen);
}
