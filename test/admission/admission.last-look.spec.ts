import type { Admitted } from '../../src/admission/admission.js';
import { Door } from '../support/door.js';

describe('Admission.lastLook', () => {
  it('has nothing against a token until its last millisecond, tolerance included', async () => {
    const door = new Door();
    const admitted = (await door.knock()) as Admitted;
    door.clock.advance(3_604_999);
    expect(door.admission.lastLook(admitted)).toBeUndefined();
    door.clock.advance(1);
    expect(door.admission.lastLook(admitted)).toMatchObject({
      code: 'token_expired',
      reason: 'expired_at_the_door',
    });
  });

  it('sees that the node drains, but first that the token has expired', async () => {
    let isDraining = false;
    const door = new Door({ isDraining: () => isDraining });
    const admitted = (await door.knock()) as Admitted;
    expect(door.admission.lastLook(admitted)).toBeUndefined();
    isDraining = true;
    expect(door.admission.lastLook(admitted)).toMatchObject({ code: 'draining' });
    door.clock.advance(3_605_000);
    expect(door.admission.lastLook(admitted)).toMatchObject({ code: 'token_expired' });
  });

  it('sees that revocations may be missing, but first that the token is revoked', async () => {
    let [isStale, isRevoked] = [false, false];
    const door = new Door({ isStale: () => isStale, isRevoked: () => isRevoked });
    const admitted = (await door.knock()) as Admitted;
    isStale = true;
    expect(door.admission.lastLook(admitted)).toMatchObject({ code: 'authority_stale' });
    isRevoked = true;
    expect(door.admission.lastLook(admitted)).toMatchObject({ code: 'token_revoked' });
    [isStale, isRevoked] = [false, false];
    expect(door.admission.lastLook(admitted)).toBeUndefined();
  });
});
