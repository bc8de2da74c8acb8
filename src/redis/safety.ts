import { isIPv4 } from 'node:net';
import { RoomgateError } from '../roomgate.errors.js';
import { isStrict } from '../roomgate.options.js';
import type { RedisClientLike } from './dialer.js';

/** What is looked at of the options of either client, of one Redis or of a cluster's nodes. */
interface Access {
  readonly url?: string;
  readonly host?: string;
  readonly path?: string;
  readonly password?: unknown;
  readonly credentialsProvider?: unknown;
  readonly socket?: { readonly host?: string; readonly path?: string; readonly cert?: unknown };
  readonly tls?: { readonly cert?: unknown };
  readonly redisOptions?: Access;
  readonly defaults?: Access;
  readonly rootNodes?: readonly Access[];
  readonly sentinels?: readonly Access[] | null;
}

/**
 * Whoever can write to Redis can speak to every room, so another machine has to ask for a password or a certificate.
 * @throws RoomgateError `unsafe_options` in strict mode
 */
export function checkSafety(client: RedisClientLike, strict = isStrict()): void {
  if (!strict || isProtected(accessOf(client))) return;
  throw new RoomgateError(
    'unsafe_options',
    'The Redis of "client" is on another machine and asks for no password. Give it one (ACL or requirepass), and TLS where others can listen.',
  );
}

function accessOf(client: object): Access {
  const { options, _options } = client as { options?: Access; _options?: Access };
  return options ?? _options ?? {};
}

function isProtected(access: Access): boolean {
  const { redisOptions, defaults, rootNodes, sentinels } = access;
  if (redisOptions && isProtected({ ...redisOptions, host: '' })) return true;
  if (defaults && hasCredentials(defaults)) return true;
  if (hasCredentials(access)) return true;
  if (rootNodes) return rootNodes.every(isProtected);
  return !redisOptions && !sentinels && isLocal(access);
}

function hasCredentials({ url, password, credentialsProvider, tls, socket }: Access): boolean {
  const inUrl = url && URL.canParse(url) ? new URL(url).password : '';
  return Boolean(inUrl || password || credentialsProvider || tls?.cert || socket?.cert);
}

function isLocal({ url, host, path, socket }: Access): boolean {
  if (path ?? socket?.path) return true;
  const named =
    host ?? socket?.host ?? (url && URL.canParse(url) ? new URL(url).hostname : undefined);
  if (named === undefined) return true;
  return (
    named === 'localhost' ||
    named === '::1' ||
    named === '[::1]' ||
    (isIPv4(named) && named.startsWith('127.'))
  );
}
