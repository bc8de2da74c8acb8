// The flood again, where members that do not read stay, and lose the oldest of what waits for them.
import { startFlood } from './roomgate-flood.js';

export { steps } from './roomgate-flood.js';

/** @type {import('./server.types.js').StartServer} */
export const start = (options) => startFlood(options, { slowConsumer: 'drop-oldest' });
