// Whether a server can run here, and what to do about it when not.
import { createRequire } from 'node:module';
import { resolvePackageUnderTest } from './package-under-test.js';
import { loadUws } from './uws-binary.js';

const { resolve } = createRequire(import.meta.url);
const INSTALL = 'its packages are not installed: run "npm ci --prefix bench"';

/** @type {Record<string, { attempt: () => unknown, obstacle: string, mayBeMissing?: boolean }>} */
const CHECKS = {
  roomgate: {
    attempt: resolvePackageUnderTest,
    obstacle: 'the package is not built: run "npm run build" first',
  },
  'nest-sio': { attempt: () => resolve('@nestjs/platform-socket.io'), obstacle: INSTALL },
  sio: { attempt: () => resolve('socket.io'), obstacle: INSTALL },
  uws: {
    attempt: loadUws,
    obstacle:
      'uWebSockets.js is not on the npm registry, and the fork that is has binaries for Node 18 and ' +
      '20 only, or is not installed here',
    mayBeMissing: true,
  },
};

/**
 * @param {string} server
 * @returns {{ obstacle: string, mayBeMissing: boolean } | null} nothing when it can run
 */
export function obstacleOf(server) {
  const check = CHECKS[server];
  try {
    check?.attempt();
    return null;
  } catch {
    return { obstacle: check.obstacle, mayBeMissing: check.mayBeMissing ?? false };
  }
}
