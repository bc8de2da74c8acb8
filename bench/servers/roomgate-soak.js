// Our server again, which ends the connections of a member now and then.
import { ISSUER } from '../tokens/mint.js';
import { keepProvider } from './kept.js';
import { importPackageUnderTest } from './package-under-test.js';
import { startRoomgate } from './roomgate.js';

/** Of those that `soak/soak.js` has come in. */
const MEMBERS = 500;

/** @type {any} */
let revocation;

/** @type {import('./server.types.js').StartServer} */
export async function start(options) {
  const { RevocationService } = await importPackageUnderTest();
  const keep = keepProvider(RevocationService, (service) => (revocation = service));
  return startRoomgate(options, [], [keep]);
}

/** Steps by name. */
export const steps = {
  kick() {
    const subject = `user-${Math.floor(Math.random() * MEMBERS)}`;
    return revocation.disconnect({ subject, issuer: ISSUER });
  },
};
