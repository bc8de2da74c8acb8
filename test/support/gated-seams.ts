import { type RoomAccess, RoomPolicy, TokenVerifier, type UnverifiedToken } from 'nestjs-roomgate';
import { Gate } from './gate.js';

/** Where verdicts about tokens wait. */
export const verifying = new Gate();
/** Where decisions about rooms wait. */
export const deciding = new Gate();
/** What the policy reads besides the claims: `subject room` pairs that are banned. */
export const banned = new Set<string>();

export function resetSeams(): void {
  verifying.open();
  deciding.open();
  banned.clear();
}

/** Believes every token, when the test lets it. */
export class GatedVerifier extends TokenVerifier {
  async verify(token: UnverifiedToken): Promise<Readonly<Record<string, unknown>>> {
    await verifying.pass();
    return token.claims;
  }
}

/** The rooms of the claims without the banned ones, as they were when it was asked: a slow answer is an old one. */
export class GatedPolicy extends RoomPolicy {
  async join({ room, principal }: RoomAccess): Promise<boolean> {
    const isGranted =
      (principal.claims.rooms ?? []).includes(room) && !banned.has(`${principal.subject} ${room}`);
    await deciding.pass();
    return isGranted;
  }

  override publish({ principal }: RoomAccess): boolean {
    return !principal.scopes.includes('mute');
  }
}
