import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:http';

const LISTENS = 'tracing:net.server.listen:asyncStart';

/** The parts of an Express or Fastify instance that are request listeners: the app itself, and Fastify's `routing`. */
export type HttpInstance = { readonly routing?: unknown } | undefined;

/**
 * Calls `found` with each server that begins to listen and hands its requests to the app: an app may call `init()` and then
 * `http.createServer(instance).listen(…)`, as Nest's page about several servers says. Returns what ends it.
 */
export function watchOtherServers(
  instance: HttpInstance,
  found: (server: Server) => void,
): () => void {
  const onListen = (message: unknown): void => {
    const { server } = message as { server: Server };
    const listeners = server.listeners('request') as unknown[];
    const serves = (part: unknown): boolean => part !== undefined && listeners.includes(part);
    if (serves(instance) || serves(instance?.routing)) found(server);
  };
  subscribe(LISTENS, onListen);
  return () => void unsubscribe(LISTENS, onListen);
}
