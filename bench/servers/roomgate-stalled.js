// Our server again, which is told apart by address who knocks, and whose policy never answers about some of them.
import { importPackageUnderTest } from './package-under-test.js';
import { startRoomgate } from './roomgate.js';

/** Tokens from this one on are those of the attacker. */
export const FIRST_HELD = 1_000;

/** @type {import('./server.types.js').StartServer} */
export async function start(options) {
  const { RoomPolicy } = await importPackageUnderTest();
  class SlowPolicy extends RoomPolicy {
    /** @param {{ principal: { subject: string } }} access */
    join({ principal }) {
      const isHeld = Number(principal.subject.split('-')[1]) >= FIRST_HELD;
      return isHeld ? new Promise(() => {}) : true;
    }
  }
  return startRoomgate(options, [], [], {
    policy: SlowPolicy,
    // The default; all else is, too, but that addresses are told apart.
    maxPendingUpgrades: 1_000,
    maxConnectionsPerAddress: 1_000,
  });
}
