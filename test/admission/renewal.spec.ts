import { Refusal, type RefusalCode } from '../../src/admission/refusals.js';
import { Admission, type Destination } from '../../src/admission/admission.js';
import { renew, type Renewed, type RenewalFailure } from '../../src/admission/renewal.js';
import type { Principal } from '../../src/admission/principal.js';
import type { RoomId } from '../../src/admission/room-id.js';
import { RoomPolicy, RoomsClaimPolicy } from '../../src/admission/room-policy.js';
import { KeysUnavailableError } from '../../src/admission/token-verifier.js';
import { resolveOptions } from '../../src/module/options.js';
import { FakeClock } from '../../src/toolkit/testing/fake-clock.js';
import { NOW, principalOf } from '../support/principal.js';
import { encodePart } from '../support/sign-token.js';
import { HOSTILE_TIMES, ODD_CLAIMS } from './hostile-claims.js';

const ROOM_A = '0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b' as RoomId;
const ROOM_B = '3f2b8c1e-9a4d-4c6e-8f1a-2b3c4d5e6f70' as RoomId;
const S = NOW / 1000;
const FRESH = { iss: 'https://a.test', sub: 'alice', iat: S - 10, exp: S + 3_600 };
const current = principalOf({ iat: S - 60, rooms: [ROOM_A], tenant: { id: 1, name: 'x' } });

/** A token that a verifier believes; JSON so that it can say what literals cannot. */
const tokenSaying = (json: string): string =>
  `${encodePart({ alg: 'ES256', typ: 'JWT' })}.${encodePart(json)}.c2ln`;
const token = (claims: object = {}): string =>
  tokenSaying(JSON.stringify({ ...FRESH, tenant: { id: 1, name: 'x' }, ...claims }));

interface Behind {
  verify?: (claims: Readonly<Record<string, unknown>>) => never;
  isRevoked?: boolean;
  isStale?: boolean;
  scopes?: readonly string[];
  policy?: Destination['rules']['policy'];
  rooms?: readonly RoomId[];
  identityClaims?: readonly string[];
  current?: Principal;
}

async function renewWith(text: string, behind: Behind = {}): Promise<Renewed | RenewalFailure> {
  const admission = new Admission(
    {
      clock: new FakeClock(NOW),
      extractor: { extract: () => '' },
      verifier: { verify: ({ claims }) => behind.verify?.(claims) ?? claims },
      isDraining: () => false,
      subjects: { hasPlace: () => true, take: () => () => undefined },
      isRevoked: () => behind.isRevoked ?? false,
      isStale: () => behind.isStale ?? false,
      generation: () => 0,
      holdRoom: () => () => undefined,
    },
    resolveOptions({}, false),
  );
  const policy = behind.policy ?? new RoomsClaimPolicy(false);
  const rules = { roomName: 'orders', policy, scopes: behind.scopes ?? [] };
  const rooms = (behind.rooms ?? [ROOM_A]).map((room) => ({ room, rules }));
  return renew(admission, text, behind.current ?? current, rooms, behind.identityClaims ?? []);
}

function policyOf(join: () => boolean): RoomPolicy {
  class Policy extends RoomPolicy {
    join = join;
  }
  return new Policy();
}

describe('renew', () => {
  it('gives the principal of the new token and its rights in each room, in the order asked', async () => {
    const renewed = (await renewWith(token({ rooms: [ROOM_B], scope: 'a b' }), {
      rooms: [ROOM_A, ROOM_B],
    })) as Renewed;
    expect(renewed.principal).toMatchObject({ identity: current.identity, scopes: ['a', 'b'] });
    expect(renewed.rights).toMatchObject([expect.any(Refusal), { publish: true }]);
  });

  it.each<[string, object, Behind, RenewalFailure]>([
    ['another subject', { sub: 'bob' }, {}, 'identity_changed'],
    ['another issuer', { iss: 'https://b.test' }, {}, 'identity_changed'],
    [
      'parts that only look the same when they are joined',
      { iss: 'https://a.test:a', sub: 'lice' },
      {},
      'identity_changed',
    ],
    [
      'another tenant',
      { tenant: { id: 2, name: 'x' } },
      { identityClaims: ['tenant'] },
      'identity_changed',
    ],
    ['no tenant', { tenant: undefined }, { identityClaims: ['tenant'] }, 'identity_changed'],
    [
      'a tenant of another type',
      { tenant: '1' },
      { identityClaims: ['tenant'] },
      'identity_changed',
    ],
    [
      'a claim it did not have',
      { org: 1 },
      { identityClaims: ['tenant', 'org'] },
      'identity_changed',
    ],
    ['an earlier iat', { iat: S - 61 }, {}, 'token_older'],
    ['an iat of no time', { iat: 0, exp: 86_000 }, {}, 'token_expired'],
    ['a revoked token', {}, { isRevoked: true }, 'token_revoked'],
    ['any token, while revocations may be missing', {}, { isStale: true }, 'authority_stale'],
    ['a revoked token then too', {}, { isRevoked: true, isStale: true }, 'token_revoked'],
    ['a scope that the gateway asks for missing', {}, { scopes: ['x'] }, 'insufficient_scope'],
    [
      'a verifier that throws',
      {},
      {
        verify: () => {
          throw new TypeError('canary');
        },
      },
      'token_invalid',
    ],
    [
      'keys that cannot be had',
      {},
      {
        verify: () => {
          throw new KeysUnavailableError();
        },
      },
      'keys_unavailable',
    ],
    [
      'a policy that throws',
      {},
      {
        policy: policyOf(() => {
          throw new TypeError('canary');
        }),
      },
      'unavailable',
    ],
  ])('refuses %s', async (_, claims, behind, code) => {
    expect(await renewWith(token(claims), behind)).toBe(code);
  });

  it.each([
    ['the same second', { iat: S - 60 }, {}],
    ['the same tenant', {}, { identityClaims: ['tenant'] }],
    ['no claim that neither has', {}, { identityClaims: ['org'] }],
    [
      'an iat without the fraction that the one before had',
      { iat: S - 60 },
      { current: principalOf({ iat: S - 59.1, tenant: 1 }) },
    ],
    ['another tenant, where nobody asks for it', { tenant: 2 }, {}],
  ])('takes %s', async (_, claims, behind) => {
    expect(await renewWith(token({ rooms: [ROOM_A], ...claims }), behind)).toMatchObject({
      rights: [{ publish: true }],
    });
  });

  it('does not ask a policy about somebody else', async () => {
    const policy = policyOf(() => {
      throw new Error('asked');
    });
    expect(await renewWith(token({ sub: 'bob' }), { policy })).toBe('identity_changed');
    expect(await renewWith(token({ iat: S - 61 }), { policy })).toBe('token_older');
  });

  it.each(HOSTILE_TIMES)('says to %s: %s what the door says: %s', async (claim, json, code) => {
    const text = JSON.stringify({ ...FRESH, [claim]: '?' }).replace('"?"', () => json);
    expect(await renewWith(tokenSaying(text))).toBe(code satisfies RefusalCode);
  });

  it.each(ODD_CLAIMS)('does not take a token with %s', async (_, claims) => {
    expect(await renewWith(token(claims))).toBe('token_invalid');
  });

  it.each(['', '.', 'a.b', '..', 'a.b.c.d', token().slice(0, -1) + '\n', 'x'.repeat(9_000)])(
    'does not take what is no token: %#',
    async (text) => {
      expect(await renewWith(text)).toBe('token_invalid');
    },
  );
});
