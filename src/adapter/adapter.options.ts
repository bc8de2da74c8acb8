import { flag, integer, listOf, MAX_TIMER_MS, type Rule } from '../core/option-rules.js';

export interface AdapterOptions {
  /**
   * Puts the app's global prefix in front of every gateway path, as `@nestjs/graphql` offers it.
   * @default false
   */
  useGlobalPrefix: boolean;
  /**
   * Plain `@WebSocketGateway` classes that may run beside room gateways, served as stock Nest does: without
   * admission. Any other plain gateway makes boot fail.
   * @default []
   */
  allowPlainGateways: (new (...args: never[]) => object)[];
  /**
   * Milliseconds that another upgrade listener has to answer a request which is not ours before its socket is destroyed; also how
   * long an upgrade waits for responses that its connection still owes to earlier requests (pipelining).
   * @default 10000
   */
  foreignUpgradeMs: number;
  /**
   * Milliseconds that a client may take to send the head of a request, upgrade or not, before it is answered 408: set on the
   * app's HTTP server unless the app has changed its `headersTimeout`. Zero leaves the server as it is.
   * @default 10000
   */
  headersTimeoutMs: number;
  /**
   * Milliseconds named in `Retry-After` (rounded up to seconds, with up to as much again as jitter) of a 503.
   * @default 1000
   */
  retryAfterMs: number;
  /**
   * Bytes a message may have; a longer one closes the connection with 1009.
   * @default 65536
   */
  maxMessageBytes: number;
  /**
   * Frames (RFC 6455 fragments) one message may consist of.
   * @default 64
   */
  maxFragments: number;
  /**
   * Chunks of unparsed bytes kept for one connection.
   * @default 1024
   */
  maxBufferedChunks: number;
  /**
   * Pongs that may wait for a client that pings without reading.
   * @default 16
   */
  maxPendingAutoPongs: number;
  /**
   * Proxies of your own in front of this server, each of which adds its peer to `X-Forwarded-For`: that many addresses from the
   * right is the client. `X-Forwarded-Host` then names the host that clients ask for. `Forwarded` (RFC 7239) says both, too;
   * where it disagrees neither counts, so have the proxy delete the headers that it does not write. Zero: all of them are ignored.
   * @default 0
   */
  trustProxyHops: number;
  /**
   * Upgrades that may wait for a verdict: for their turn (`maxVerdictsPerTurn`), or for a policy or verifier that answers later;
   * others get 429. As many more may wait until another upgrade listener claims them or earlier responses of their connection are
   * written. One address (IPv4, or IPv6 /64) has at most 5 % of each. Behind a proxy all clients have one address until
   * `trustProxyHops` is set.
   * @default 1000
   */
  maxPendingUpgrades: number;
  /**
   * Upgrades, and plain GETs of room paths, that one address may attempt per `upgradeWindowMs`; others get 429. As many back-channel
   * logout requests besides. Zero: no limit.
   * @default 0
   */
  maxUpgradesPerAddress: number;
  /**
   * Milliseconds in which `maxUpgradesPerAddress` are allowed.
   * @default 10000
   */
  upgradeWindowMs: number;
  /**
   * Connections that one address may have on this node; others get 429. Zero: no limit.
   * @default 0
   */
  maxConnectionsPerAddress: number;
}

export const ADAPTER_RULES: Record<keyof AdapterOptions, Rule> = {
  useGlobalPrefix: flag,
  allowPlainGateways: listOf('gateway classes', (item) => typeof item === 'function'),
  foreignUpgradeMs: integer(1, MAX_TIMER_MS),
  headersTimeoutMs: integer(0, MAX_TIMER_MS),
  retryAfterMs: integer(0, 3_600_000),
  maxMessageBytes: integer(64, 64 * 1024 * 1024),
  maxFragments: integer(1, 131_072),
  maxBufferedChunks: integer(16, 1_048_576),
  maxPendingAutoPongs: integer(1, 1_024),
  trustProxyHops: integer(0, 16),
  maxPendingUpgrades: integer(1, 1_000_000),
  maxUpgradesPerAddress: integer(0, 1_000_000),
  upgradeWindowMs: integer(1, MAX_TIMER_MS),
  maxConnectionsPerAddress: integer(0, 10_000_000),
};
