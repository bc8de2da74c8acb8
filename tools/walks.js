/**
 * Why this exists: the two ways that every reader has to follow (from an accepted upgrade to `hello`, and from a message to
 * another member) get longer without anybody noticing. This tool counts the files of ours that run on each, by V8's precise
 * coverage of a real server and real `ws` clients, prints them, and fails above the limits. It runs the built package:
 *
 *   npm run build && node tools/walks.js
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Session } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { WebSocket } from 'ws';
import { root } from './common.js';

/** At most so many of our files may run: between an upgrade and `hello`, and between a message and another member. */
const MAX_FILES = { 'upgrade to hello': 45, 'message to another member': 30 };

/** @type {any} */
const { CurrentRoom, RoomgateModule, RoomGateway } = await import('nestjs-roomgate');
/** @type {any} */
const { TestIssuer } = await import('nestjs-roomgate/testing');

class RoomsGateway {
  /** @param {any} room @param {unknown} data */
  say(room, data) {
    return room.broadcast('said', data);
  }
}
const say = Object.getOwnPropertyDescriptor(RoomsGateway.prototype, 'say');
SubscribeMessage('say')(RoomsGateway.prototype, 'say', /** @type {PropertyDescriptor} */ (say));
CurrentRoom()(RoomsGateway.prototype, 'say', 0);
MessageBody()(RoomsGateway.prototype, 'say', 1);
RoomGateway('/:room')(RoomsGateway);

const issuer = new TestIssuer();
class AppModule {}
Reflect.defineMetadata(
  'imports',
  [RoomgateModule.forRoot({ issuers: [issuer.options] })],
  AppModule,
);
Reflect.defineMetadata('providers', [RoomsGateway], AppModule);
const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address();
const room = randomUUID();

/** Opens a connection and resolves when it was greeted. @param {string} subject */
async function connect(subject) {
  const token = issuer.mint({ sub: subject, rooms: [room] });
  const headers = { Authorization: `Bearer ${token}` };
  const socket = new WebSocket(`ws://127.0.0.1:${port}/${room}`, { headers });
  await once(socket, 'message');
  return socket;
}

const session = new Session();
session.connect();
await session.post('Profiler.enable');

/** The files of ours that run while `run` does, with the number of their functions. @param {() => Promise<unknown>} run */
async function filesOf(run) {
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await run();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  await session.post('Profiler.stopPreciseCoverage');
  const dist = path.join(root, 'dist') + path.sep;
  return result
    .filter(({ url }) => url.startsWith('file:') && fileURLToPath(url).startsWith(dist))
    .map(({ url, functions }) => ({
      file: path.relative(dist, fileURLToPath(url)),
      functions: functions.filter(({ functionName, ranges }) => functionName && ranges[0].count)
        .length,
    }))
    .filter(({ file, functions }) => functions > 0 && !file.startsWith('toolkit'));
}

const first = await connect('first');
await once(first.send(JSON.stringify({ event: 'say', data: 0 })) ?? first, 'message');
// The second of everything: what is loaded or made once is not part of the way.
const second = await connect('second');
second.close();
await once(second, 'close');
// The server hears of the close a moment after the client.
const { setTimeout: wait } = await import('node:timers/promises');
await wait(200);

/** @type {WebSocket | undefined} */
let member;
const walks = {
  'upgrade to hello': await filesOf(async () => (member = await connect('third'))),
  'message to another member': await filesOf(async () => {
    const heard = once(first, 'message');
    member?.send(JSON.stringify({ event: 'say', data: 1 }));
    await heard;
  }),
};

for (const [name, files] of Object.entries(walks)) {
  const max = MAX_FILES[/** @type {keyof MAX_FILES} */ (name)];
  const functions = files.reduce((sum, file) => sum + file.functions, 0);
  console.log(`${name}: ${files.length} files (at most ${max}), ${functions} functions`);
  for (const { file, functions } of files) console.log(`  ${file} ${functions}`);
  if (files.length > max) process.exitCode = 1;
}
for (const socket of [first, member]) socket?.terminate();
await app.close();
