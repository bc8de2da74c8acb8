/** Why this exists: `node --import` this file and the process understands our TypeScript. */
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
