// Our server again, with a hand on its end: the app is closed while everybody is connected.
import { startRoomgate } from './roomgate.js';

/** @type {import('@nestjs/common').INestApplication} */
let app;

/** @type {import('./server.types.js').StartServer} */
export function start(options) {
  const prepare = (/** @type {import('@nestjs/common').INestApplication} */ made) => (app = made);
  return startRoomgate(options, [], [], { prepare });
}

/** Steps by name. */
export const steps = {
  /** ms until the app is closed. */
  async close() {
    const begun = performance.now();
    await app.close();
    return performance.now() - begun;
  },
};
