import { parseArgs } from 'node:util';
import { parseRoomId } from 'nestjs-roomgate';
import { readDevKey, readRoom } from './development.js';
import { mintToken } from './mint-token.js';
import { run, Sentence } from './sentence.js';

const USAGE = 'Usage: npm run -s token [-- --sub <name> --room <uuid>]';

/** Prints a token of one hour and nothing else. Default: for alice, in the example's room. */
run(async () => {
  const { sub, rooms } = readArguments();
  const bad = rooms.find((id) => !parseRoomId(id));
  if (bad !== undefined)
    throw new Sentence(`Expected --room to be a UUID, got ${JSON.stringify(bad.slice(0, 64))}.`);
  const ids = rooms.map((id) => id.toLowerCase());
  console.log(await mintToken(readDevKey(), sub, ids));
});

function readArguments(): { sub: string; rooms: string[] } {
  let values;
  try {
    ({ values } = parseArgs({
      options: { sub: { type: 'string' }, room: { type: 'string', multiple: true } },
    }));
  } catch {
    throw new Sentence(USAGE);
  }
  const { sub = 'alice', room } = values;
  if (sub === '') throw new Sentence(USAGE);
  return { sub, rooms: room ?? [readRoom().room] };
}
