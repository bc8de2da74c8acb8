import { createHash, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { JwtService } from '@nestjs/jwt';
import { type IssuerOptions, parseRoomId } from 'nestjs-roomgate';
import { refuseStrictMode, Sentence } from './sentence.js';

/** The server listens here and nowhere else, so no other machine can reach it. */
export const HOST = '127.0.0.1';

const ISSUER = 'urn:roomgate:dev';
const AUDIENCE = 'roomgate-example';
const TOKEN_SECONDS = 3_600;

// This file runs from examples/support and from examples/dist/support.
const HERE = fileURLToPath(import.meta.url);

/** The folder of this checkout. */
export const CHECKOUT = HERE.slice(0, HERE.lastIndexOf(`${path.sep}examples${path.sep}`));

// Git and Docker ignore this folder.
const KEYS = path.join(CHECKOUT, '.keys');
const KEY_FILE = path.join(KEYS, 'dev-es256.pem');
const ROOM_FILE = path.join(KEYS, 'room.json');
const PASSWORD_FILE = path.join(KEYS, 'password');

/** The key pair of this checkout. Its kid begins with `dev-`, so strict mode refuses it everywhere. */
export interface DevKey {
  readonly kid: string;
  /** PKCS #8, PEM. */
  readonly privateKey: string;
  /** SPKI, PEM. */
  readonly publicKey: string;
}

/** Where the example serves its room. `.keys/room.json` holds it for clients; there is no token in it. */
export interface DevRoom {
  /** The UUID of the room. It stays the same for this checkout. */
  readonly room: string;
  readonly ip: string;
  readonly port: number;
  /** The room's address: `ws://ip:port/room`. */
  readonly url: string;
}

/**
 * Reads the development key.
 * @throws Sentence when there is none yet, or in strict mode.
 */
export function readDevKey(): DevKey {
  refuseStrictMode();
  try {
    return toDevKey(readFileSync(KEY_FILE, 'utf8'));
  } catch {
    throw new Sentence('There is no development key yet. Start the example once: npm start');
  }
}

/** Reads the development key, or creates one that only this user can read. */
export function ensureDevKey(): DevKey {
  refuseStrictMode();
  try {
    return readDevKey();
  } catch {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    writePrivately(KEY_FILE, pem);
    return toDevKey(pem);
  }
}

/**
 * Where the example was started last.
 * @throws Sentence when it was never started.
 */
export function readRoom(): DevRoom {
  const room = findRoom();
  if (!room) throw new Sentence('There is no room yet. Start the example first: npm start');
  return room;
}

/** The room of this checkout at a port. A new checkout gets a new UUID. */
export function roomAt(port: number): DevRoom {
  const room = findRoom()?.room ?? randomUUID();
  return { room, ip: HOST, port, url: `ws://${HOST}:${port}/${room}` };
}

/** Tells clients where the room is. */
export function publishRoom(room: DevRoom): void {
  writePrivately(ROOM_FILE, `${JSON.stringify(room, undefined, 2)}\n`);
}

/** What a server needs to believe the development tokens: the public half of the key. */
export function devIssuer({ kid, publicKey }: DevKey): IssuerOptions {
  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['ES256'],
    keys: [{ kid, key: publicKey }],
  };
}

/**
 * Signs a token for one person, as the example's login does.
 * @param seconds how long it lives, at most an hour; default an hour
 */
export function mintToken(
  key: DevKey,
  subject: string,
  rooms: readonly string[],
  seconds = TOKEN_SECONDS,
): Promise<string> {
  return new JwtService({}).signAsync(
    { rooms, scope: 'chat:write' },
    {
      privateKey: key.privateKey,
      algorithm: 'ES256',
      keyid: key.kid,
      issuer: ISSUER,
      audience: AUDIENCE,
      subject,
      jwtid: randomUUID(),
      expiresIn: Math.min(seconds, TOKEN_SECONDS),
    },
  );
}

/** Configures the chat app for this machine, as a deployment would do it: by environment variables. */
export function setEnvironment(key: DevKey, { room, port }: DevRoom): void {
  // The developer may have exported the keys of another issuer.
  for (const name of ['ROOMGATE_PUBLIC_KEY_FILE', 'ROOMGATE_SECRET', 'ROOMGATE_SECRET_FILE'])
    delete process.env[name];
  Object.assign(process.env, {
    PORT: String(port),
    ROOMGATE_ISSUER: ISSUER,
    ROOMGATE_AUDIENCE: AUDIENCE,
    ROOMGATE_ALGORITHMS: 'ES256',
    ROOMGATE_PUBLIC_KEY: key.publicKey,
    ROOMGATE_KEY_ID: key.kid,
    ROOMGATE_ALLOWED_HOSTS: `${HOST}:${port},localhost:${port}`,
    CHAT_ROOM: room,
    CHAT_PRIVATE_KEY: key.privateKey,
    CHAT_PASSWORD: ensurePassword(),
  });
  // Issuer and server share a clock here, and a long grace period is tedious to watch.
  process.env.ROOMGATE_CLOCK_TOLERANCE_MS ??= '1000';
  process.env.ROOMGATE_REFRESH_GRACE_MS ??= '10000';
}

/**
 * The port of the environment, 3000 without one.
 * @throws Sentence for a value that is not a port.
 */
export function readPort(): number {
  const text = process.env.PORT ?? '3000';
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new Sentence(
      `Expected PORT to be a number from 1 to 65535, got ${JSON.stringify(text.slice(0, 64))}.`,
    );
  return port;
}

/** Why a server could not listen, for the person who chose the port. */
export function explainListenError(error: unknown, port: number, command: string): unknown {
  return (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
    ? new Sentence(
        `Port ${port} is taken. Stop what listens there, or choose another port: PORT=${port === 3001 ? 3002 : 3001} ${command}`,
      )
    : error;
}

function toDevKey(privateKey: string): DevKey {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  const kid = `dev-${createHash('sha256').update(publicKey).digest('hex').slice(0, 8)}`;
  return { kid, privateKey, publicKey };
}

/** Undefined when there is no file, or when it is not ours: the example then starts afresh. */
function findRoom(): DevRoom | undefined {
  try {
    const { room, port } = JSON.parse(readFileSync(ROOM_FILE, 'utf8')) as Partial<DevRoom>;
    if (!room || parseRoomId(room) !== room || !Number.isSafeInteger(port)) return undefined;
    return { room, ip: HOST, port: port as number, url: `ws://${HOST}:${port}/${room}` };
  } catch {
    return undefined;
  }
}

/** The password of the example's login, `.keys/password`: random, one for all names. */
function ensurePassword(): string {
  try {
    return readFileSync(PASSWORD_FILE, 'utf8');
  } catch {
    const password = randomUUID();
    writePrivately(PASSWORD_FILE, password);
    return password;
  }
}

/** Replaces a file at once, so that no reader sees half of it. Only this user can read it. */
function writePrivately(file: string, text: string): void {
  mkdirSync(KEYS, { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
