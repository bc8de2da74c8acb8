import type { Server } from 'node:http';

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
