import { FakeClock } from 'nestjs-roomgate/testing';
import {
  MemoryRevocationStore,
  type Revocation,
  RevocationStore,
} from '../../src/admission/revocation.js';
import { Revocations } from '../../src/admission/revocations.js';
import { RevocationService } from '../../src/admission/revocation.service.js';
import { Deferred } from '../support/deferred.js';
import { NOW, principalOf } from '../support/principal.js';

const A = 'https://a.test';
const alice = principalOf();
const { identity } = alice;
const LIMIT = 30_000;

/** A service whose kicks are written down, with what was covered by then. */
async function serviceWith(
  onlyIssuer?: string,
  store: RevocationStore = new MemoryRevocationStore(),
): Promise<{ service: RevocationService; kicks: Revocation[]; revocations: Revocations }> {
  const clock = new FakeClock(NOW);
  const revocations = new Revocations(clock, { clockToleranceMs: 0, maxTokenLifeMs: 1_000 });
  const kicks: Revocation[] = [];
  const kick = (revocation: Revocation): void => {
    kicks.push(revocation);
  };
  const service = new RevocationService({
    clock,
    store,
    revocations,
    maxAuthorityStalenessMs: LIMIT,
    onlyIssuer,
    kick,
    disconnect: async () => 0,
  });
  await service.start();
  return { service, kicks, revocations };
}

describe('RevocationService', () => {
  it.each<[string, (by: RevocationService) => Promise<void>, Revocation]>([
    ['token', (by) => by.revokeToken('j'), { kind: 'token', issuer: A, jti: 'j' }],
    ['session', (by) => by.revokeSession('s'), { kind: 'session', issuer: A, sid: 's' }],
    [
      'subject by its name',
      (by) => by.revokeSubject({ subject: 'alice' }),
      { kind: 'subject', identity, issuedBefore: NOW },
    ],
    [
      'subject by its principal',
      (by) => by.revokeSubject(alice, 7),
      { kind: 'subject', identity, issuedBefore: 7, isExact: true },
    ],
    [
      'subject at the time of no time given',
      (by) => by.revokeSubject(alice, undefined),
      { kind: 'subject', identity, issuedBefore: NOW },
    ],
    ['block', (by) => by.block({ subject: 'alice' }), { kind: 'block', identity }],
    ['unblock', (by) => by.unblock({ subject: 'alice' }), { kind: 'unblock', identity }],
  ])('keeps and kicks once: %s', async (_, revoke, expected) => {
    const { service, kicks } = await serviceWith(A);
    await revoke(service);
    expect(kicks).toEqual([expected]);
  });

  it('refuses at the door before it kicks, or the kicked would be back', async () => {
    const { service, revocations } = await serviceWith(A);
    await service.block(alice);
    expect(revocations.covers(alice)).toBe(true);
    await service.unblock(alice);
    expect(revocations.covers(alice)).toBe(false);
  });

  it.each<[string, (by: RevocationService, issuer?: string) => Promise<void>]>([
    ['revokeToken', (by, issuer) => by.revokeToken('j', issuer)],
    ['revokeSession', (by, issuer) => by.revokeSession('s', issuer)],
    ['revokeSubject', (by, issuer) => by.revokeSubject({ subject: 'alice', issuer })],
    ['block', (by, issuer) => by.block({ subject: 'alice', issuer })],
    ['unblock', (by, issuer) => by.unblock({ subject: 'alice', issuer })],
  ])('wants the issuer named where there are several: %s', async (_, revoke) => {
    const { service, kicks } = await serviceWith();
    await expect(revoke(service)).rejects.toMatchObject({ code: 'invalid_options' });
    expect(kicks).toEqual([]);
    await revoke(service, A);
    expect(kicks).toHaveLength(1);
  });

  it.each<unknown>([NaN, Infinity, -Infinity, null, '1800000000000', new Date(NOW), {}, 1n])(
    'refuses a time that is none: %p',
    async (time) => {
      const { service, kicks } = await serviceWith(A);
      await expect(service.revokeSubject(alice, time as number)).rejects.toMatchObject({
        code: 'invalid_options',
      });
      expect(kicks).toEqual([]);
    },
  );

  it('resolves when the store has it, and rejects when the store cannot', async () => {
    const kept = new Deferred();
    class SlowStore extends MemoryRevocationStore {
      override async add(revocation: Revocation): Promise<void> {
        await kept.promise;
        super.add(revocation);
      }
    }
    const { service, kicks } = await serviceWith(A, new SlowStore());
    const done = service.block(alice);
    await Promise.resolve();
    expect(kicks).toEqual([]);
    kept.resolve();
    await done;
    expect(kicks).toHaveLength(1);

    class BrokenStore extends MemoryRevocationStore {
      override add(): never {
        throw new Error('canary');
      }
    }
    const broken = await serviceWith(A, new BrokenStore());
    await expect(broken.service.block(alice)).rejects.toThrow('canary');
  });

  describe('is stale', () => {
    const storeSaying = (answer: () => unknown): RevocationStore =>
      new (class extends MemoryRevocationStore {
        override confirmedAt = answer as () => number;
      })();
    const isStale = async (answer: () => unknown): Promise<boolean> =>
      (await serviceWith(A, storeSaying(answer))).service.isStale();

    it.each<[string, number, boolean]>([
      ['a moment before the limit', NOW - LIMIT + 1, false],
      ['at the limit', NOW - LIMIT, true],
      ['long after it', 0, true],
      ['before anything was confirmed', -Infinity, true],
      ['by a clock that is a little ahead', NOW + LIMIT - 1, false],
      ['when the clock was set back by as much', NOW + LIMIT, true],
    ])('by its clock: %s', async (_, confirmedAt, expected) => {
      expect(await isStale(() => confirmedAt)).toBe(expected);
    });

    it.each<[string, () => unknown]>([
      ['no number', () => NaN],
      ['nothing', () => undefined],
      ['a text', () => String(NOW)],
      ['a BigInt', () => BigInt(NOW)],
      ['a promise', () => Promise.resolve(NOW)],
      ['a rejection', () => Promise.reject(new Error('canary'))],
      [
        'an exception',
        () => {
          throw new Error('canary');
        },
      ],
    ])('when its store answers with %s', async (_, answer) => {
      expect(await isStale(answer)).toBe(true);
    });

    it('never with a store that does not know of it, such as the one in memory', async () => {
      class OldStore extends RevocationStore {
        start(): void {}
        add(): void {}
        stop(): void {}
      }
      for (const store of [new OldStore(), new MemoryRevocationStore()]) {
        const { service } = await serviceWith(A, store);
        expect(service.isStale()).toBe(false);
      }
    });
  });

  it('tells its store when the node stops', async () => {
    const { service, kicks } = await serviceWith(A);
    await service.stop();
    await service.block(alice);
    expect(kicks).toEqual([]);
  });
});
