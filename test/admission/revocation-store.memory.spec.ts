import { MemoryRevocationStore, type Revocation } from '../../src/admission/revocation.js';
import { revocationStoreContract } from './revocation-store.contract.js';

revocationStoreContract('MemoryRevocationStore', () => new MemoryRevocationStore());

const ofToken = (jti: string): Revocation => ({ kind: 'token', issuer: 'https://a.test', jti });

describe('MemoryRevocationStore', () => {
  it('tells everything that was added, also what was added before it began', () => {
    const store = new MemoryRevocationStore();
    const told: Revocation[] = [];
    store.add(ofToken('early'));
    store.start((revocation) => told.push(revocation));
    store.add(ofToken('late'));
    expect(told).toEqual([ofToken('early'), ofToken('late')]);
    store.stop();
    store.add(ofToken('too late'));
    expect(told).toHaveLength(2);
  });
});
