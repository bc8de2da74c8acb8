/** Why this exists: `node --import` this file, and an example that is not built says what to run, without a stack trace. */
import { existsSync } from 'node:fs';

if (!existsSync(process.argv[1])) {
  console.error('The example is not built: run `npm run build`, which `npm ci` does by itself.');
  process.exit(1);
}
