import { randomUUID } from 'node:crypto';
import { ensureDevKey, mintToken } from './dev-issuer.js';
import { clientCommands, tokenCommand } from './instructions.js';
import { run } from './sentence.js';
import { HOST, readPort, serve } from './server.js';

run(async () => {
  const key = ensureDevKey();
  const port = readPort();
  await serve({ key, port });

  const room = randomUUID();
  const url = `ws://${HOST}:${port}/${room}`;
  const token = await mintToken(key, 'alice', [room]);
  console.log(`
Room:   ${url}
Token:  ${token}

${clientCommands(url, token)}

${tokenCommand(room)}

Stop with Ctrl-C.`);
});
