import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { ServerConnection } from '../connection/connection.js';
import type { HookName } from '../connection/ports.js';
import { ROOM_GATEWAY_METADATA, ROOMGATE_ADAPTER_PORTS } from '../core/constants.js';
import { RoomgateError } from '../core/errors.js';

type Hook = (this: unknown, connection: ServerConnection, ...rest: unknown[]) => unknown;

const WRAPPED = Symbol('roomgate:wrapped');

/**
 * Nest calls `handleConnection` without awaiting it: messages would be handled before it is done, and one that rejects would
 * end the process. Wrapped, it opens the inbox when it has settled, and its failure costs that one connection.
 */
export function wrapConnectHook(prototype: object): void {
  wrap(prototype, 'handleConnection');
  wrap(prototype, 'handleDisconnect');
}

/**
 * Gives a gateway the hooks it does not have. When one in request scope cannot be made, Nest asks its filters only if there is
 * a hook; without one the rejection would be nobody's and end the process.
 */
export function fillConnectHooks(prototype: object): void {
  for (const name of ['handleConnection', 'handleDisconnect'])
    if (!(name in prototype))
      Object.defineProperty(prototype, name, { value: noHook, writable: true, configurable: true });
}

/** Whether the class has a hook of its own making. */
export function hasHook(prototype: object, name: HookName): boolean {
  const hook: unknown = Reflect.get(prototype, name);
  return typeof hook === 'function' && hook !== noHook;
}

const noHook = Object.assign((): void => {}, { [WRAPPED]: true });

function wrap(prototype: object, name: HookName): void {
  const hook: unknown = Reflect.get(prototype, name);
  if (typeof hook !== 'function' || WRAPPED in hook) return;
  const wrapped = function (this: unknown, connection: unknown, ...rest: unknown[]): unknown {
    // A unit test that calls the hook itself gets what the hook returns or throws. No app comes here: boot refuses its adapter.
    return connection instanceof ServerConnection
      ? watched.call(this, connection, ...rest)
      : (hook as Hook).call(this, connection as ServerConnection, ...rest);
  };
  const watched = async function (
    this: unknown,
    connection: ServerConnection,
    ...rest: unknown[]
  ): Promise<unknown> {
    const running = (connection.state.hooks ??= {
      handleConnection: new Set(),
      handleDisconnect: new Set(),
    });
    // A parent's hook, called by `super`: the outer one answers for both, when both are done.
    if (running[name].has(this)) return (hook as Hook).call(this, connection, ...rest);
    running[name].add(this);
    if (name === 'handleConnection') connection.hookStarted();
    try {
      await (hook as Hook).call(this, connection, ...rest);
    } catch (error) {
      connection.hookFailed(name, error);
    } finally {
      running[name].delete(this);
      if (name === 'handleConnection') connection.hookSettled();
    }
    return undefined;
  };
  Object.defineProperty(prototype, name, {
    value: Object.assign(wrapped, { [WRAPPED]: true }),
    writable: true,
    configurable: true,
  });
}

/** The part of Nest's `ApplicationConfig` that holds the WebSocket adapter of one app. */
interface AdapterConfig {
  getIoAdapter(): unknown;
  setIoAdapter(adapter: never): void;
}

/** The part of Nest's `ModulesContainer` that lists the providers of one app. */
interface AppModules {
  values(): Iterable<{ readonly providers: ReadonlyMap<unknown, { readonly metatype: unknown }> }>;
}

/**
 * Keeps every adapter away for which `refusal` has an error. Nest opens the servers of gateways before any
 * hook of a module runs, so an adapter that checks nobody has to be refused when the app sets it.
 */
export function sealAdapter(
  config: AdapterConfig,
  refusal: (adapter: unknown) => RoomgateError | undefined,
): void {
  const set = config.setIoAdapter.bind(config);
  config.setIoAdapter = (adapter) => {
    const error = refusal(adapter);
    if (error) throw error;
    set(adapter);
  };
}

/**
 * Without RoomgateModule nothing checks tokens, whatever adapter serves the app. A room gateway there is
 * refused at boot, before an adapter opens a port. A unit test that only makes the class is left alone.
 */
export function refuseWithoutModule(modules: AppModules, config: AdapterConfig): void {
  const gateways: string[] = [];
  for (const { providers } of modules.values()) {
    if (providers.has(ROOMGATE_ADAPTER_PORTS)) return;
    for (const { metatype } of providers.values()) {
      if (typeof metatype === 'function' && Reflect.hasMetadata(ROOM_GATEWAY_METADATA, metatype))
        gateways.push(metatype.name);
    }
  }
  // Each module with a room gateway has a filter of its own; the first one has sealed the app.
  if (gateways.length === 0 || Object.hasOwn(config, 'setIoAdapter')) return;
  const refuse = (): never => {
    throw missingModule(gateways);
  };
  config.setIoAdapter({ create: refuse, close: () => {}, dispose: () => {} } as never);
  sealAdapter(config, () => missingModule(gateways));
}

function missingModule(gateways: readonly string[]): RoomgateError {
  const names = gateways.join(', ');
  return new RoomgateError(
    'adapter_conflict',
    `${names} ${gateways.length > 1 ? 'are room gateways' : 'is a room gateway'}, but the app does not import RoomgateModule, so nothing would check tokens. Add RoomgateModule.forRoot({ issuers: [...] }) to the imports of the root module, and set no other WebSocket adapter.`,
  );
}

/**
 * Given to handlers that filters of the app may answer for. Behind an interceptor a handler's result comes as an Observable with
 * one value, and an exception that a filter took as one without: otherwise both would be an undefined, and the client told "ack".
 */
class PassThroughInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle() as Observable<unknown>;
  }
}

export const passThrough = new PassThroughInterceptor();
