import { FakeClock } from 'nestjs-roomgate/testing';
import type { Revocation } from '../../../src/admission/revocation.js';
import { revocationStoreContract } from '../../admission/revocation-store.contract.js';
import { eventually } from '../../support/poll.js';
import { principalOf } from '../../support/principal.js';
import { CLIENTS } from '../../support/redis/clients.js';
import { RedisServer } from '../../support/redis/redis-server.js';
import { RevocationNode, type RevocationNodeOptions } from '../../support/redis/revocation-node.js';

const CHECK_MS = 400;
const SET = '{test|revocations}';
const issuer = 'https://a.test';
const { identity } = principalOf();

describe.each(CLIENTS)('With $name', (kind) => {
  let server: RedisServer;
  let node: RevocationNode;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterEach(() => node.stop());
  afterAll(() => server.stop());

  revocationStoreContract('RedisRevocationStore', async () => {
    await server.command('FLUSHALL');
    node = new RevocationNode(server.port, { kind });
    return node.store;
  });
});

describe('What Redis keeps of revocations', () => {
  let server: RedisServer;
  const nodes: RevocationNode[] = [];
  const boot = async (options?: RevocationNodeOptions): Promise<RevocationNode> => {
    const node = await RevocationNode.start(server.port, options);
    nodes.push(node);
    return node;
  };
  const kept = async (): Promise<string[]> => {
    const fields = await server.command<string[]>('HKEYS', SET);
    return fields.filter((field) => field.includes(' ')).sort();
  };

  /** So many checks later as it takes. */
  const checked = (clock: FakeClock, isTrue: () => Promise<boolean>): Promise<void> =>
    eventually(async () => {
      clock.advance(CHECK_MS);
      return isTrue();
    }, 'a check');

  beforeEach(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.stop()));
    await server.stop();
  });

  it('is kept for as long as a token that it covers can live, and blocks for ever', async () => {
    const life = 3_600_000 + 2 * 5_000;
    // Wrong by an hour: what counts is the clock of Redis.
    const { store } = await boot({ clock: new FakeClock(Date.now() + 3_600_000) });
    const now = Date.now();
    const later = now + 1_000_000;
    await store.add({ kind: 'token', issuer, jti: 'j' });
    await store.add({ kind: 'session', issuer, sid: 's' });
    await store.add({ kind: 'subject', identity: 'past', issuedBefore: now - 1_000_000 });
    await store.add({ kind: 'subject', identity: 'future', issuedBefore: later });
    await store.add({ kind: 'block', identity: 'blocked' });
    await store.add({ kind: 'block', identity: 'lifted' });
    await store.add({ kind: 'unblock', identity: 'lifted' });
    const until = async (field: string): Promise<number> => {
      const score = await server.command<string>('ZSCORE', `${SET}until`, field);
      return score === 'inf' ? Infinity : Number(score);
    };
    const fields = await kept();
    expect(fields).toHaveLength(6);
    for (const field of fields) {
      const [, expiry] = (await server.command<string>('HGET', SET, field)).split(/[ \n]/);
      const score = await server.command('ZSCORE', `${SET}until`, field);
      expect(expiry).toBe(score);
    }
    expect(await until('block blocked')).toBe(Infinity);
    expect(await until('subject future')).toBe(later + life);
    const fromNow = fields.filter((it) => !['block blocked', 'subject future'].includes(it));
    expect(fromNow).toHaveLength(4);
    for (const field of fromNow) {
      expect(await until(field)).toBeGreaterThanOrEqual(now + life);
      expect(await until(field)).toBeLessThan(now + life + 10_000);
    }
  });

  it('is forgotten then, and not given back', async () => {
    const clock = new FakeClock(Date.now());
    const { store } = await boot({ clock, maxTokenLifeMs: 300, clockToleranceMs: 0 });
    await store.add({ kind: 'token', issuer, jti: 'j' });
    await store.add({ kind: 'block', identity });
    expect(await kept()).toHaveLength(2);
    await checked(clock, async () => (await kept()).length === 1);
    expect(await server.command('ZCARD', `${SET}until`)).toBe(1);
    await server.command('FLUSHALL');
    await checked(clock, async () => (await kept()).length > 0);
    expect(await kept()).toEqual([`block ${identity}`]);
    expect(await server.command('HGET', SET, 'version')).toBe('1');
  });

  it('takes nothing back that reaches further', async () => {
    const [a, b] = [await boot(), await boot()];
    await a.store.add({ kind: 'session', issuer, sid: 's' });
    await b.store.add({ kind: 'session', issuer, sid: 's', issuedBefore: 5_000 });
    await a.store.add({ kind: 'subject', identity, issuedBefore: 9_000 });
    await b.store.add({ kind: 'subject', identity, issuedBefore: 5_000 });
    const c = await boot();
    expect(c.told).toContainEqual({ kind: 'session', issuer, sid: 's' });
    expect(c.told).toContainEqual({ kind: 'subject', identity, issuedBefore: 9_000 });
    expect(c.told).toHaveLength(2);
  });

  it('keeps of a time by our clock and of an exact one the one that reaches further, in any order', async () => {
    const byOurs: Revocation = { kind: 'subject', identity, issuedBefore: 60_000 };
    const exact: Revocation = { kind: 'subject', identity, issuedBefore: 62_000, isExact: true };
    for (const order of [
      [byOurs, exact],
      [exact, byOurs],
    ]) {
      const a = await boot();
      for (const one of order) await a.store.add(one);
      const b = await boot();
      // The tolerance of five seconds is added to the one alone.
      expect(b.told).toEqual([byOurs]);
      await a.store.add({ ...exact, issuedBefore: 66_000 });
      const c = await boot();
      expect(c.told).toEqual([{ ...exact, issuedBefore: 66_000 }]);
      await server.command('FLUSHALL');
      for (const node of [a, b, c]) node.store.stop();
    }
  });

  it('does not depend on the order of what two nodes do at once', async () => {
    const [a, b] = [await boot(), await boot()];
    for (let round = 0; round < 20; round++) {
      await Promise.all([
        a.store.add({ kind: 'block', identity }),
        b.store.add({ kind: 'unblock', identity }),
      ]);
      const isBlocked = (node: RevocationNode): boolean => node.refuses(principalOf());
      const inForce = await server.command<string>('HGET', SET, `block ${identity}`);
      const expected = inForce.includes('"block"');
      await eventually(() => [a, b].every((it) => isBlocked(it) === expected), 'both', 1_000);
    }
  });

  it('takes nothing that is no revocation', async () => {
    const { store, told } = await boot();
    const add = store.add({ kind: 'subject', identity, issuedBefore: Infinity });
    await expect(add).rejects.toMatchObject({ code: 'invalid_options' });
    expect([told, await kept()]).toEqual([[], []]);
  });

  it('must not be evicted, where it is strict', async () => {
    await expect(boot({ strict: true })).resolves.toBeDefined();
    for (const policy of ['allkeys-lru', 'volatile-ttl']) {
      await server.command('CONFIG', 'SET', 'maxmemory-policy', policy);
      await expect(boot({ strict: true })).rejects.toMatchObject({ code: 'unsafe_options' });
      await expect(boot()).resolves.toBeDefined();
    }
  });

  it('is in force here when Redis is full, and kept when it is not any more', async () => {
    const clock = new FakeClock(Date.now());
    const node = await boot({ clock });
    await server.command('CONFIG', 'SET', 'maxmemory', 1);
    await expect(node.store.add({ kind: 'block', identity })).rejects.toMatchObject({
      code: 'engine_unavailable',
    });
    expect(node.refuses(principalOf())).toBe(true);
    await server.command('CONFIG', 'SET', 'maxmemory', 0);
    await checked(clock, async () => (await kept()).length === 1);
  });
});
