import { parseArgs } from 'node:util';
import { parseRoomId } from 'nestjs-roomgate';
import { mintToken, readDevKey } from './dev-issuer.js';
import { run, Sentence } from './sentence.js';

const USAGE = 'Usage: npm run --silent token -- --sub <name> --room <uuid> [--room <uuid> ...]';

run(async () => {
  const { sub, room } = readArguments();
  const bad = room.find((id) => !parseRoomId(id));
  if (bad !== undefined)
    throw new Sentence(`Expected --room to be a UUID, got ${JSON.stringify(bad.slice(0, 64))}.`);
  console.log(
    await mintToken(
      readDevKey(),
      sub,
      room.map((id) => id.toLowerCase()),
    ),
  );
});

function readArguments(): { sub: string; room: string[] } {
  try {
    const { values } = parseArgs({
      options: { sub: { type: 'string' }, room: { type: 'string', multiple: true } },
    });
    if (values.sub && values.room) return { sub: values.sub, room: values.room };
  } catch {
    // An unknown flag; the usage line says what there is.
  }
  throw new Sentence(USAGE);
}
