import type { RoomConnection } from '../connection/connection.js';

type Hook = (this: unknown, connection: RoomConnection, ...rest: unknown[]) => unknown;

const WRAPPED = Symbol('roomgate:wrapped');

/**
 * Nest calls `handleConnection` without awaiting it: messages would be handled before it is done, and one that rejects would
 * end the process. Wrapped, it opens the inbox when it has settled, and its failure costs that one connection.
 */
export function wrapConnectHook(prototype: object): void {
  wrap(
    prototype,
    'handleConnection',
    (hook) =>
      async function (this: unknown, connection: RoomConnection, ...rest: unknown[]) {
        try {
          await hook.call(this, connection, ...rest);
          connection.gate?.settled();
        } catch (error) {
          connection.hookFailed('handleConnection', error);
        }
      },
  );
  wrap(
    prototype,
    'handleDisconnect',
    (hook) =>
      async function (this: unknown, connection: RoomConnection, ...rest: unknown[]) {
        try {
          await hook.call(this, connection, ...rest);
        } catch (error) {
          connection.hookFailed('handleDisconnect', error);
        }
      },
  );
}

function wrap(
  prototype: object,
  name: string,
  wrapping: (hook: Hook) => Hook & { [WRAPPED]?: true },
): void {
  const hook: unknown = Reflect.get(prototype, name);
  if (typeof hook !== 'function' || WRAPPED in hook) return;
  const wrapped = wrapping(hook as Hook);
  wrapped[WRAPPED] = true;
  Object.defineProperty(prototype, name, { value: wrapped, writable: true, configurable: true });
}
