import { RoomConnection } from '../connection/connection.js';

type Hook = (this: unknown, connection: RoomConnection, ...rest: unknown[]) => unknown;

type HookName = 'handleConnection' | 'handleDisconnect';

const WRAPPED = Symbol('roomgate:wrapped');

/** The gateways whose hook runs for a connection. */
const RUNNING: Readonly<Record<HookName, WeakMap<RoomConnection, Set<unknown>>>> = {
  handleConnection: new WeakMap(),
  handleDisconnect: new WeakMap(),
};

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
    return connection instanceof RoomConnection
      ? watched.call(this, connection, ...rest)
      : (hook as Hook).call(this, connection as RoomConnection, ...rest);
  };
  const watched = async function (
    this: unknown,
    connection: RoomConnection,
    ...rest: unknown[]
  ): Promise<unknown> {
    const gateways = RUNNING[name].get(connection) ?? new Set();
    // A parent's hook, called by `super`: the outer one answers for both, when both are done.
    if (gateways.has(this)) return (hook as Hook).call(this, connection, ...rest);
    RUNNING[name].set(connection, gateways.add(this));
    if (name === 'handleConnection') connection.hookStarted();
    try {
      await (hook as Hook).call(this, connection, ...rest);
    } catch (error) {
      connection.hookFailed(name, error);
    } finally {
      gateways.delete(this);
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
