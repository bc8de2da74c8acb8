import { randomBytes } from 'node:crypto';

/** Nobody else's names begin with it. */
const OWN = randomBytes(9).toString('base64url');
let named = 0;

/** A name for the next life of a room, should one begin: asked for with each call, where fresh random bytes cost more than the rest. */
export function newEpoch(): string {
  return `${OWN}-${(named++).toString(36)}`;
}
