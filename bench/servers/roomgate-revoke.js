// Our server again, with a hand on its revocations: subjects of live connections lose their authority.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ISSUER } from '../tokens/mint.js';
import { importPackageUnderTest } from './package-under-test.js';
import { startRoomgate } from './roomgate.js';

const ROUNDS = 50;
/** Goodbyes and close frames leave at the end of a turn. */
const TURNS = 3;

/** @type {any} */
let revocation;

/** @type {import('./server.types.js').StartServer} */
export async function start(options) {
  const { RevocationService } = await importPackageUnderTest();
  const keep = {
    provide: 'kept revocations',
    useFactory: (/** @type {any} */ service) => (revocation = service),
    inject: [RevocationService],
  };
  return startRoomgate(options, [], [keep]);
}

/** Steps by name; each is ms of CPU for one. */
export const steps = {
  /** The subjects of `load/tokens.js`, of whom each has one connection. */
  subject: () =>
    millisOf((n) => revocation.revokeSubject({ subject: `user-${n}`, issuer: ISSUER })),
  /** Nobody has it, so all are looked at and nobody is closed. */
  token: () => millisOf((n) => revocation.revokeToken(`nobody's ${n}`, ISSUER)),
};

/** @param {(round: number) => Promise<void>} revoke */
async function millisOf(revoke) {
  const before = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round++) {
    await revoke(round);
    for (let turn = 0; turn < TURNS; turn++) await nextTurn();
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / ROUNDS;
}
