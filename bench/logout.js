/**
 * How long 400 logout requests at once stall the event loop: with forged tokens of the kind that costs most under the
 * configured keys. Controls are a form without a token, text that is no token, and the same form posted to an ordinary route.
 * Run `npm run build` first, then `node bench/logout.js`. README.md says how it is measured and which is the bar.
 */
import { fork } from 'node:child_process';
import { generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { importPackageUnderTest } from './servers/package-under-test.js';

const REQUESTS = 400;
const ROUNDS = 9;
const LIMIT_MS = 100;
const PATH = '/auth/logout';
const ORDINARY = '/ordinary';
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** Long enough for another process to write all requests while this one sleeps. */
const WRITING_MS = 300;

/** @typedef {{ what: string, path: string, body: () => string, turns: number[], statuses: Record<string, number> }} Flood */
/** @typedef {{ issuer: string, audience: string, algorithms: string[], keys: unknown[] }} Issuer */

const rsa = (/** @type {number} */ bits) =>
  generateKeyPairSync('rsa', { modulusLength: bits }).publicKey;
const ec = (/** @type {string} */ namedCurve) => generateKeyPairSync('ec', { namedCurve });
const hmac = () => ({ secret: randomBytes(64) });

/** @param {string} name @param {string[]} algorithms @param {unknown[]} keys @returns {Issuer} */
const issuer = (name, algorithms, ...keys) => ({
  issuer: `https://${name}.test`,
  audience: 'chat',
  algorithms,
  keys,
});

/** @param {number} count @param {() => import('node:crypto').KeyObject} make */
const nameless = (count, make) => Array.from({ length: count }, make);

/** Each list of issuers with the algorithm and the signature of the forged tokens, which name the first issuer and no key. */
const KEYS = {
  'one secret': () => ({
    issuers: [issuer('hs', ['HS512'], hmac())],
    alg: 'HS512',
    forge: () => randomBytes(64),
  }),
  'RSA 2048': () => ({
    issuers: [issuer('rsa', ['RS256'], rsa(2048))],
    alg: 'RS256',
    forge: () => below(2048),
  }),
  'RSA 4096': () => ({
    issuers: [issuer('rsa', ['RS256'], rsa(4096))],
    alg: 'RS256',
    forge: () => below(4096),
  }),
  'three of P-521': () => ({
    issuers: [issuer('ec', ['ES512'], ...nameless(3, () => ec('P-521').publicKey))],
    alg: 'ES512',
    forge: byP521,
  }),
  '50 mixed': () => {
    const named = (/** @type {number} */ count, /** @type {() => unknown} */ make) =>
      Array.from({ length: count }, () => ({ kid: randomUUID(), key: make() }));
    return {
      issuers: [
        issuer(
          'ec',
          ['ES512', 'ES256', 'RS256'],
          ...nameless(4, () => ec('P-521').publicKey),
          ...named(8, () => ec('P-256').publicKey),
          ...named(4, () => rsa(2048)),
        ),
        issuer(
          'rsa',
          ['RS256', 'PS256'],
          ...nameless(4, () => rsa(4096)),
          ...named(12, () => rsa(2048)),
        ),
        issuer('hs', ['HS256'], hmac(), hmac(), hmac(), hmac()),
        issuer('es', ['ES384'], ...named(14, () => ec('P-384').publicKey)),
      ],
      alg: 'ES512',
      forge: byP521,
    };
  },
};

/** A number below every modulus of so many bits, so that no check ends early. @param {number} bits */
function below(bits) {
  const signature = randomBytes(bits / 8);
  signature[0] = 0;
  return signature;
}

/** By a key that nobody configured. @param {string} input */
function byP521(input) {
  const key = ec('P-521').privateKey;
  return sign('sha512', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
}

/** @param {unknown} part */
const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** @param {string} iss @param {string} alg @param {(input: string) => Buffer} forge */
function forgedToken(iss, alg, forge) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss, aud: 'chat', iat: now, exp: now + 60, sub: 'alice', jti: randomUUID() };
  const input = `${encode({ alg, typ: 'logout+jwt' })}.${encode({ ...claims, events: { [EVENT]: {} } })}`;
  return `${input}.${forge(input).toString('base64url')}`;
}

/** Opens every connection, then writes all requests in one turn. @param {number} port @param {string} path @param {string} body */
async function flood(port, path, body) {
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n`;
  const request = `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
  const sockets = await Promise.all(
    Array.from({ length: REQUESTS }, async () => {
      const socket = connect(port, '127.0.0.1');
      await new Promise((resolve, reject) => socket.on('connect', resolve).on('error', reject));
      return socket;
    }),
  );
  process.send?.('connected');
  await new Promise((resolve) => process.once('message', resolve));
  return Promise.all(
    sockets.map(
      (socket) =>
        new Promise((resolve) => {
          let text = '';
          socket.setEncoding('latin1').on('data', (chunk) => (text += chunk));
          socket.on('error', () => undefined).on('close', () => resolve(text.slice(9, 12)));
          socket.write(request);
        }),
    ),
  );
}

/** The longest turn, in CPU time, while another process posts. @param {number} port @param {string} path @param {string} body */
async function measure(port, path, body) {
  const child = fork(fileURLToPath(import.meta.url), [String(port), path, body]);
  const message = () => new Promise((resolve) => child.once('message', resolve));
  await message();
  const answered = message();
  await new Promise((resolve) => child.send('write', resolve));
  // So that the kernel has all of them when the server looks again, and hands over as many as it can in one turn.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WRITING_MS);
  let [longest, before] = [0, cpuMs()];
  let isOver = false;
  const look = () => {
    const now = cpuMs();
    longest = Math.max(longest, now - before);
    before = now;
    if (!isOver) setImmediate(look);
  };
  look();
  const answers = /** @type {string[]} */ (await answered);
  isOver = true;
  /** @type {Record<string, number>} */
  const statuses = {};
  for (const status of answers) statuses[status] = (statuses[status] ?? 0) + 1;
  return { longest, statuses };
}

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function main() {
  const { Module } = await import('@nestjs/common');
  const { NestFactory } = await import('@nestjs/core');
  const { RoomgateModule } = await importPackageUnderTest();
  let isMissed = false;
  for (const [name, make] of Object.entries(KEYS)) {
    const { issuers, alg, forge } = make();
    class AppModule {}
    const options = { issuers, allowedHosts: ['127.0.0.1'], backChannelLogout: PATH };
    Module({ imports: [RoomgateModule.forRoot(options)] })(AppModule);
    const app = await NestFactory.create(AppModule, { logger: false });
    app.getHttpAdapter().post(ORDINARY, (_request, response) => {
      app.getHttpAdapter().reply(response, { error: 'invalid_request' }, 400);
    });
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address();
    const iss = issuers[0]?.issuer ?? '';
    const text = 'x'.repeat(400);
    /** @type {Flood[]} */
    const floods = [
      {
        what: 'forged tokens',
        path: PATH,
        body: () => `logout_token=${forgedToken(iss, alg, forge)}`,
      },
      { what: 'no token', path: PATH, body: () => `other=${text}` },
      { what: 'text that is no token', path: PATH, body: () => `logout_token=${text}` },
      { what: 'an ordinary route', path: ORDINARY, body: () => `other=${text}` },
    ].map((each) => ({ ...each, turns: [], statuses: {} }));
    for (let round = 0; round <= ROUNDS; round++)
      for (const each of floods) {
        const { longest, statuses } = await measure(port, each.path, each.body());
        each.turns.push(longest);
        each.statuses = statuses;
      }
    await app.close();
    const count = issuers.reduce((sum, { keys }) => sum + keys.length, 0);
    console.log(`${name} (${count} keys), longest turn of the first round, and of ${ROUNDS} more:`);
    const figures = floods.map(({ turns: [first = 0, ...others] }) => {
      const sorted = others.toSorted((a, b) => a - b);
      return { first, median: sorted[ROUNDS >> 1] ?? 0, max: sorted.at(-1) ?? 0 };
    });
    for (const [at, { what, statuses }] of floods.entries()) {
      const shown = Object.entries(figures[at] ?? {}).map(
        ([key, ms]) => `${key} ${ms.toFixed(0)} ms`,
      );
      console.log(
        `  ${what.padEnd(21)} ${shown.join(', ')}, last answers ${JSON.stringify(statuses)}`,
      );
    }
    isMissed ||= (figures[0]?.max ?? Infinity) > LIMIT_MS;
  }
  process.exitCode = isMissed ? 1 : 0;
}

const [port, path, body] = process.argv.slice(2);
if (port && path && body) {
  process.send?.(await flood(Number(port), path, body));
  process.disconnect();
} else await main();
