import { FakeClock } from 'nestjs-roomgate/testing';
import { RedisKeys } from '../../../src/redis/keys.js';
import { RedisPresence } from '../../../src/redis/rooms/presence.js';
import type { Script } from '../../../src/redis/scripts/script.js';
import { ENTER, RENEW } from '../../../src/redis/scripts/presence.js';
import type { RedisStore } from '../../../src/redis/store.js';
import { Deferred } from '../../support/deferred.js';
import { settled } from '../../support/redis/fake-redis.js';

const TTL_MS = 60_000;
const BEHIND_MS = 2;
const ALICE = { connectionId: 'c1', identity: 'alice', memberId: 'm1' };
const BOB = { connectionId: 'c2', identity: 'bob', memberId: 'm2' };
const [A, B] = ['orders/a', 'orders/b'] as const;

describe('RedisPresence', () => {
  const keys = new RedisKeys('test');
  let clock: FakeClock;
  let presence: RedisPresence;
  /** In how many milliseconds somebody's time runs out, as Redis would say. */
  let untilNext: number;
  let isGone: boolean;
  /** What Redis waits for before it answers. */
  let gate: Promise<unknown>;
  /** Whom it does not know. */
  let unknown: string[];
  /** The connections of each renewal, by room. */
  let renewals: [room: string, ids: string[]][];

  beforeEach(() => {
    clock = new FakeClock();
    [untilNext, isGone, renewals] = [-1, false, []];
    [gate, unknown] = [Promise.resolve(), []];
    const evaluate = async (script: Script, tag: string, _: unknown, args: string[]) => {
      if (script === RENEW) renewals.push([tag.slice('test|'.length), args.slice(3)]);
      if (isGone) throw new Error('gone');
      await gate;
      return script === ENTER ? untilNext : [untilNext, ...unknown];
    };
    const store = { clock, keys, network: { publishes: 'PUBLISH' }, eval: evaluate };
    presence = new RedisPresence(store as unknown as RedisStore);
  });

  const renew = async (room: string, leftMs: number): Promise<void> => {
    untilNext = leftMs;
    await presence.renew(room, [ALICE], TTL_MS);
    renewals = [];
  };
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settled();
  };

  it('sets no timer while everybody is renewed in time, or nobody is there', async () => {
    for (const leftMs of [-1, TTL_MS / 2, TTL_MS]) await renew(A, leftMs);
    untilNext = TTL_MS / 2;
    await presence.enter(A, ALICE, TTL_MS);
    expect(clock.pending).toBe(0);
  });

  it('is there when the time of somebody runs out, and for the next one', async () => {
    await renew(A, 20_000);
    await pass(20_000);
    expect(renewals).toEqual([]);
    untilNext = 500;
    await pass(BEHIND_MS);
    expect(renewals).toEqual([[A, []]]);
    untilNext = -1;
    await pass(500 + BEHIND_MS);
    expect(renewals).toEqual([
      [A, []],
      [A, []],
    ]);
    expect(clock.pending).toBe(0);
  });

  it('knows it from who enters too', async () => {
    untilNext = 10;
    await presence.enter(A, ALICE, TTL_MS);
    await pass(10 + BEHIND_MS);
    expect(renewals).toEqual([[A, []]]);
  });

  it('has one timer for a room, by the latest answer, and none when that says that somebody is back', async () => {
    for (const room of [A, B]) await renew(room, 20_000);
    await renew(A, 10_000);
    expect(clock.pending).toBe(2);
    await renew(B, TTL_MS);
    expect(clock.pending).toBe(1);
    await pass(TTL_MS);
    expect(renewals[0]).toEqual([A, []]);
    expect(renewals.every(([room]) => room === A)).toBe(true);
  });

  it('leaves it to the next renewal when Redis is gone', async () => {
    await renew(A, 10);
    isGone = true;
    await pass(TTL_MS);
    expect([renewals.length, clock.pending]).toEqual([1, 0]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['enters', () => presence.enter(A, ALICE, TTL_MS)],
    ['is renewed', () => presence.renew(A, [ALICE], TTL_MS)],
    ['enters again, being unknown', () => presence.renew(A, [BOB], TTL_MS)],
    ['is swept', () => pass(10 + BEHIND_MS)],
  ])('has no timer for a room that is forgotten while somebody %s', async (_, act) => {
    await renew(A, 10);
    unknown = [BOB.connectionId];
    const answer = new Deferred();
    gate = answer.promise;
    const done = act();
    presence.forget(A);
    answer.resolve();
    await done;
    await settled();
    expect(clock.pending).toBe(0);
    await presence.enter(A, ALICE, TTL_MS);
    expect(clock.pending).toBe(1);
  });

  it('has no timer for a room that is forgotten, and none after the end', async () => {
    for (const room of [A, B]) await renew(room, 10);
    presence.forget(A);
    expect(clock.pending).toBe(1);
    presence.stop();
    expect(clock.pending).toBe(0);
    await renew(A, 10);
    expect(clock.pending).toBe(0);
  });
});
