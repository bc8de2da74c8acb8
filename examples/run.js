/**
 * Why this exists: `npm start` only starts. This runs a built example, `node examples/run.js start`, or says in one
 * line that it is not built. The examples are for development; a NODE_ENV that is set already is theirs to judge.
 */
import { existsSync } from 'node:fs';

const PROGRAMS = {
  start: './dist/support/start.js',
  chat: './dist/support/chat.js',
  token: './dist/support/token.js',
  cluster: './dist/cluster/main.js',
};

const [name] = process.argv.splice(2, 1);
const program = new URL(PROGRAMS[name], import.meta.url);
if (existsSync(program) && existsSync(new URL('../dist/index.js', import.meta.url))) {
  process.env.NODE_ENV ??= 'development';
  await import(program);
} else {
  console.error('The example is not built yet. Install and build it with: npm ci');
  process.exitCode = 1;
}
