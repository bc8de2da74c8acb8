import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  CHECKOUT,
  ensureDevKey,
  HOST,
  publishRoom,
  readPort,
  refuseTakenPort,
  roomAt,
  setEnvironment,
} from './development.js';
import { run, Sentence } from './sentence.js';

/** `npm start`: the chat app with development keys, five requests that show its door, and a live log. */
run(async () => {
  const key = ensureDevKey();
  const port = readPort();
  const room = roomAt(port);
  const { version } = JSON.parse(readFileSync(path.join(CHECKOUT, 'package.json'), 'utf8')) as {
    version: string;
  };
  console.log(`roomgate ${version}: WebSocket rooms for NestJS\n`);

  await refuseTakenPort(port, 'npm start');
  setEnvironment(key, room);
  await import('../chat/src/main.js');
  publishRoom(room);
  console.log(`Room  ${room.url}\nPage  http://${HOST}:${port}/\n\nThe door, tried just now:`);

  const { tryTheDoor } = await import('./probes.js');
  const probes = await tryTheDoor(key, room);
  for (const { request, expected, answer } of probes) {
    const end = answer === expected ? '' : `   but ${expected} was expected`;
    console.log(`  ${answer === expected ? 'ok' : 'NO'}  ${request.padEnd(25)}${answer}${end}`);
  }
  if (probes.some(({ expected, answer }) => answer !== expected))
    throw new Sentence('\nThe door did not answer as it should. Is a ROOMGATE_* variable set?');

  console.log(`
Next, in another terminal:
  npm run chat                  talk in this room
  npm run chat -- --as bob      a second person
  npm run -s token              a token of one hour, for a client of your own

Live log (Ctrl-C stops the server):`);
  const { fold, lines } = await import('./live-log.js');
  lines.clear();
  lines.read((line) => console.log(fold(line, process.stdout.columns)));
});
