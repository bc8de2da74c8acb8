import type { Revocation, RevocationStore } from '../../src/admission/revocation.js';

const issuer = 'https://a.test';
const identity = 'somebody';
const ALL: readonly Revocation[] = [
  { kind: 'token', issuer, jti: 'j' },
  { kind: 'token', issuer, jti: '\n "\u0000é\ud83d\ude00' },
  { kind: 'session', issuer, sid: 's' },
  { kind: 'session', issuer, sid: 'until', issuedBefore: 1_800_000_000_000 },
  { kind: 'subject', identity, issuedBefore: 1_800_000_000_000.5 },
  { kind: 'subject', identity, issuedBefore: -1, isSessionless: true },
  { kind: 'subject', identity: 'else', issuedBefore: Number.MAX_VALUE },
  { kind: 'subject', identity: 'exact', issuedBefore: 1_800_000_001_000, isExact: true },
  { kind: 'block', identity },
];

/** What every `RevocationStore` promises on the node that it was made for. */
export function revocationStoreContract(
  name: string,
  make: () => RevocationStore | Promise<RevocationStore>,
): void {
  describe(`${name} as a RevocationStore`, () => {
    let store: RevocationStore;
    const told: Revocation[] = [];
    const start = (): unknown => store.start((revocation) => void told.push(revocation));

    beforeEach(async () => {
      store = await make();
      told.length = 0;
    });
    afterEach(async () => {
      await store.stop();
    });

    it('has told what was added by the time that it resolves, as it was', async () => {
      await start();
      for (const revocation of ALL) {
        await store.add(revocation);
        expect(told).toContainEqual(revocation);
      }
    });

    it('tells at its start what was added before', async () => {
      for (const revocation of ALL) await store.add(revocation);
      expect(told).toEqual([]);
      await start();
      for (const revocation of ALL) expect(told).toContainEqual(revocation);
    });

    it('tells of a block and its end in their order', async () => {
      await start();
      for (let round = 0; round < 3; round++) {
        await store.add({ kind: 'block', identity });
        expect(told.at(-1)).toEqual({ kind: 'block', identity });
        await store.add({ kind: 'unblock', identity });
        expect(told.at(-1)).toEqual({ kind: 'unblock', identity });
      }
    });

    it('tells nothing when it was stopped', async () => {
      await start();
      await store.stop();
      await Promise.resolve(store.add({ kind: 'block', identity })).catch(() => undefined);
      expect(told).toEqual([]);
    });
  });
}
