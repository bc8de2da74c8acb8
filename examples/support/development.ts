import { createHash, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { linkSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IssuerOptions } from 'nestjs-roomgate';
import { refuseStrictMode, Sentence } from './sentence.js';

// Loads nothing of Nest: `npm start` prints its first line before Nest is loaded.

/** The server listens here and nowhere else, so no other machine can reach it. */
export const HOST = '127.0.0.1';

export const ISSUER = 'urn:roomgate:dev';
export const AUDIENCE = 'roomgate-example';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

// This file runs from examples/support and from examples/dist/support.
const HERE = fileURLToPath(import.meta.url);

/** The folder of this checkout. */
export const CHECKOUT = HERE.slice(0, HERE.lastIndexOf(`${path.sep}examples${path.sep}`));

// Git and Docker ignore this folder.
const KEYS = path.join(CHECKOUT, '.keys');
const KEY_FILE = path.join(KEYS, 'dev-es256.pem');
const ROOM_FILE = path.join(KEYS, 'room.json');
// The password of the example's login, one for all names.
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
  return toDevKey(
    readOrCreate(KEY_FILE, () => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    }),
  );
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
  return toRoom(findRoom()?.room ?? randomUUID(), port);
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
    CHAT_PASSWORD: readOrCreate(PASSWORD_FILE, randomUUID),
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

/** Whether a server can listen on a port of this machine. */
export async function isFree(port: number): Promise<boolean> {
  const probe = createServer().listen(port, HOST);
  try {
    await once(probe, 'listening');
  } catch {
    return false;
  }
  await once(probe.close(), 'close');
  return true;
}

/** @throws Sentence when another program listens on the port, with the command that uses another one. */
export async function refuseTakenPort(port: number, command: string): Promise<void> {
  if (await isFree(port)) return;
  const other = port === 3_001 ? 3_002 : 3_001;
  throw new Sentence(
    `Port ${port} is taken. Stop the program there, or use another port: PORT=${other} ${command}`,
  );
}

function toDevKey(privateKey: string): DevKey {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  const kid = `dev-${createHash('sha256').update(publicKey).digest('hex').slice(0, 8)}`;
  return { kid, privateKey, publicKey };
}

function toRoom(room: string, port: number): DevRoom {
  return { room, ip: HOST, port, url: `ws://${HOST}:${port}/${room}` };
}

/** Undefined when there is no file, or when it is not ours: the example then starts afresh. */
function findRoom(): DevRoom | undefined {
  try {
    const { room, port } = JSON.parse(readFileSync(ROOM_FILE, 'utf8')) as Partial<DevRoom>;
    if (!UUID.test(String(room)) || !Number.isSafeInteger(port)) return undefined;
    return toRoom(room as string, port as number);
  } catch {
    return undefined;
  }
}

/** Two processes that create a file at the same time agree on the first one's text. */
function readOrCreate(file: string, create: () => string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    const draft = writeDraft(file, create());
    try {
      linkSync(draft, file);
    } catch {
      // Another process was first.
    }
    unlinkSync(draft);
    return readFileSync(file, 'utf8');
  }
}

/** Replaces a file at once, so that no reader sees half of it. */
function writePrivately(file: string, text: string): void {
  renameSync(writeDraft(file, text), file);
}

/** Only this user can read it. */
function writeDraft(file: string, text: string): string {
  mkdirSync(KEYS, { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  return draft;
}
