/** A node over a Redis with TLS that comes back with another certificate. Tells what was logged, what was not caught, and whether it is up. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { SCRIPTS } from '../../../src/redis/scripts/index.js';
import { RedisStore } from '../../../src/redis/store.js';
import { SystemClock } from '../../../src/core/clock.js';
import { eventually } from '../poll.js';
import { freePort } from '../redis/free-port.js';
import { RedisServer } from '../redis/redis-server.js';
import { TempFiles } from '../temp-files.js';

const [, , kind, fault, when] = process.argv;
const STORES = 20;
const files = new TempFiles();
const path = (name: string): string => join(files.folder, name);
const uncaught: string[] = [];
process.on('uncaughtException', (error) => uncaught.push(String(error)));
process.on('unhandledRejection', (error) => uncaught.push(String(error)));

function certificate(name: string, names: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const subject = ['-subj', '/CN=test', '-addext', `subjectAltName=${names}`];
  const out = ['-keyout', path(`${name}.key`), '-out', path(`${name}.crt`)];
  const args = ['req', '-x509', ...key, '-days', '2', ...subject, ...out];
  execFileSync('openssl', args, { stdio: 'ignore' });
}

certificate('good', 'DNS:localhost,IP:127.0.0.1');
certificate('untrusted', 'DNS:localhost,IP:127.0.0.1');
certificate('wrong-name', 'DNS:elsewhere');

function use(name: string): void {
  for (const end of ['crt', 'key']) copyFileSync(path(`${name}.${end}`), path(`live.${end}`));
}

const tlsPort = await freePort();
use(when === 'boot' ? String(fault) : 'good');
const server = await RedisServer.start({
  config: {
    'tls-port': tlsPort,
    'tls-cert-file': path('live.crt'),
    'tls-key-file': path('live.key'),
    'tls-ca-cert-file': path('good.crt'),
    'tls-auth-clients': 'no',
  },
});
const ca = ['good', 'wrong-name'].map((name) => readFileSync(path(`${name}.crt`)));
const address = { host: '127.0.0.1', port: tlsPort };
const client =
  kind === 'ioredis'
    ? new Redis({ ...address, tls: { ca } })
    : createClient({ socket: { ...address, tls: true, ca } });
client.on('error', () => undefined);
if ('isOpen' in client) void client.connect().catch(() => undefined);

const lines: string[] = [];
const timeouts = { connectTimeoutMs: 5_000, startTimeoutMs: when === 'boot' ? 4_000 : 20_000 };
const options = { client, namespace: 'test', ...timeouts };
const stores = Array.from(
  { length: STORES },
  () => new RedisStore(options, new SystemClock(), SCRIPTS, (line) => lines.push(line)),
);
const opened = await Promise.allSettled(stores.map((store) => store.open()));
const refused = opened.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
if (when !== 'boot') {
  use(String(fault));
  await server.restart({ keepData: true });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  use('good');
  await server.restart({ keepData: true });
  const isUp = (): boolean => stores.every(({ network }) => network.isUp);
  await eventually(isUp, 'Redis to be back', 20_000).catch((error) => uncaught.push(String(error)));
}
await server.stop();
files.remove();
process.send?.({ uncaught, refused, lines: [...new Set(lines)] });
