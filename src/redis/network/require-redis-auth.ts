import { isIPv4 } from 'node:net';
import { RoomgateError } from '../../core/errors.js';
import { isStrict } from '../../module/options.js';
import type { RedisClientLike } from './dialer.js';
import { isIoredisCluster } from './ioredis-connection.js';

/** What is looked at of the options of either client, of one Redis or of a cluster's nodes. */
interface Access {
  readonly url?: string;
  readonly host?: string;
  readonly path?: string;
  readonly username?: string;
  readonly password?: unknown;
  readonly credentialsProvider?: unknown;
  readonly socket?: { readonly host?: string; readonly path?: string; readonly cert?: unknown };
  readonly tls?: { readonly cert?: unknown };
  readonly redisOptions?: Access;
  readonly defaults?: Access;
  readonly rootNodes?: readonly Access[];
  readonly sentinels?: readonly Access[] | null;
}

interface ClientOptions {
  readonly options?: Access;
  readonly _options?: Access;
  readonly startupNodes?: readonly (Access | number | string)[];
}

/**
 * Whoever can write to Redis can speak to every room, so another machine has to ask for a password or a certificate.
 * @throws RoomgateError `unsafe_options` in strict mode
 */
export function checkSafety(client: RedisClientLike, strict = isStrict()): void {
  if (!strict || isProtected(client)) return;
  throw new RoomgateError(
    'unsafe_options',
    'The Redis of "client" is on another machine and asks for no password. Give it one (ACL or requirepass), and TLS where others can listen.',
  );
}

function isProtected(client: object): boolean {
  const { options, _options, startupNodes = [] } = client as ClientOptions;
  const access = options ?? _options;
  if (!access) return false;
  const { redisOptions, defaults, rootNodes, sentinels } = access;
  if ([access, redisOptions, defaults].some((one) => one && hasCredentials(one))) return true;
  if (sentinels) return false;
  const nodes = isIoredisCluster(client) ? startupNodes.map(accessTo) : (rootNodes ?? [access]);
  return nodes.length > 0 && nodes.every((node) => hasCredentials(node) || isLocal(node));
}

/** A node of an `ioredis` cluster may be a port of this machine, or text. */
function accessTo(node: Access | number | string): Access {
  if (typeof node === 'object') return node;
  return typeof node === 'number' ? {} : { url: node };
}

function hasCredentials(access: Access): boolean {
  const { url, username, password, credentialsProvider, tls, socket } = access;
  const inUrl = url && URL.canParse(url) ? new URL(url).password : '';
  // `redis` makes a provider of a bare name too.
  const provider = username === undefined && credentialsProvider;
  return Boolean(inUrl || password || provider || tls?.cert || socket?.cert);
}

function isLocal({ url, host, path, socket }: Access): boolean {
  if (path ?? socket?.path) return true;
  const named = host ?? socket?.host ?? hostIn(url);
  return (
    named === 'localhost' ||
    named === '::1' ||
    named === '[::1]' ||
    (isIPv4(named) && named.startsWith('127.'))
  );
}

/** An address that cannot be read may be anywhere. */
function hostIn(url: string | undefined): string {
  if (url === undefined) return 'localhost';
  return URL.canParse(url) ? new URL(url).hostname : '';
}
