import type { Revocation } from '../../../src/admission/revocation.js';
import {
  RevocationEntries,
  type RevocationEntry,
} from '../../../src/redis/revocations/revocation-entries.js';

const identity = 'somebody';
const block = (rank: number): RevocationEntry => ({
  revocation: { kind: 'block', identity },
  rank,
  until: Infinity,
});
const unblock = (rank: number, until = 1_000): RevocationEntry => ({
  revocation: { kind: 'unblock', identity },
  rank,
  until,
});
const token = (until: number): RevocationEntry => ({
  revocation: { kind: 'token', issuer: 'https://a.test', jti: 'j' },
  rank: 0,
  until,
});

describe('RevocationEntries', () => {
  let entries: RevocationEntries;
  let told: Revocation[];
  beforeEach(() => {
    entries = new RevocationEntries();
    told = [];
    entries.tellTo((revocation) => void told.push(revocation));
  });

  it.each([[[1, 2, 4, 7]], [[7, 4, 2, 1]], [[4, 7, 1, 2]], [[2, 1, 7, 4]]])(
    'ends with the greatest rank, in whatever order they come: %j',
    (ranks) => {
      for (const rank of ranks) entries.merge(rank % 2 === 1 ? block(rank) : unblock(rank));
      expect(entries.get(`block ${identity}`)).toEqual(block(7));
      expect(told.at(-1)).toEqual(block(7).revocation);
    },
  );

  it('tells again what lasts longer, and not what it knows', () => {
    for (const until of [10, 10, 5, 20]) entries.merge(token(until));
    expect(told).toHaveLength(2);
  });

  it('tells nobody twice of an estimate that Redis has settled, unless it has something else', () => {
    const estimate = block(3);
    entries.merge(estimate);
    entries.unsave(`block ${identity}`);
    entries.settle(estimate, block(5));
    expect(told).toEqual([estimate.revocation]);
    expect(entries.get(`block ${identity}`)?.rank).toBe(5);
    expect(entries.unsaved(9)).toEqual([]);
    entries.settle(estimate, unblock(8));
    expect(told.at(-1)).toEqual(unblock(8).revocation);
  });

  it('does not count as saved what has changed while it was being saved, or is above what Redis has', () => {
    entries.merge(block(1));
    entries.unsave();
    const saving = entries.unsaved(9);
    entries.merge(unblock(2));
    entries.saved(saving);
    expect(entries.unsaved(9)).toEqual([unblock(2)]);
    entries.load(block(1));
    expect(entries.unsaved(9)).toEqual([unblock(2)]);
    entries.load(unblock(2));
    expect(entries.unsaved(9)).toEqual([]);
  });

  it('forgets what is over, and no block', () => {
    entries.merge(token(1_000));
    entries.merge(block(1));
    entries.unsave();
    entries.sweep(999);
    expect(entries.unsaved(9)).toHaveLength(2);
    entries.sweep(1_000);
    expect(entries.unsaved(9)).toEqual([block(1)]);
  });
});
