import { PassThrough } from 'node:stream';
import { FakeClock } from 'nestjs-roomgate/testing';
import { UpgradeLimits, type UpgradeLimitRules } from '../../src/adapter/upgrade-limits.js';

const clock = new FakeClock();
const limitsOf = (rules: Partial<UpgradeLimitRules> = {}): UpgradeLimits =>
  new UpgradeLimits(
    {
      trustProxyHops: 1,
      maxPendingUpgrades: 100,
      maxConnectionsPerAddress: 0,
      maxUpgradesPerAddress: 0,
      upgradeWindowMs: 10_000,
      ...rules,
    },
    () => clock.now(),
  );

describe('UpgradeLimits', () => {
  it('give one address at most a twentieth of those who wait, and the rest to others', () => {
    const limits = limitsOf();
    for (let n = 0; n < 5; n++) {
      expect(limits.mayKnock('a')).toBe(true);
      limits.waits('a');
    }
    expect([limits.mayKnock('a'), limits.mayKnock('b')]).toEqual([false, true]);
    limits.waited('a');
    expect(limits.mayKnock('a')).toBe(true);
  });

  it('give an address no share where nobody said that addresses tell clients apart', () => {
    const limits = limitsOf({ trustProxyHops: 0 });
    for (let n = 0; n < 99; n++) limits.waits('proxy');
    expect(limits.mayKnock('proxy')).toBe(true);
  });

  it('count those who wait among the connections that an address may have', () => {
    const limits = limitsOf({ maxConnectionsPerAddress: 3 });
    limits.opened('a', new PassThrough());
    limits.waits('a');
    expect(limits.mayKnock('a')).toBe(true);
    limits.waits('a');
    expect(limits.mayKnock('a')).toBe(false);
  });

  it('let nobody in when all places are taken', () => {
    const limits = limitsOf();
    for (let n = 0; n < 100; n++) limits.waits(String(n));
    expect(limits.mayKnock('new')).toBe(false);
    limits.waited('3');
    expect(limits.mayKnock('new')).toBe(true);
  });

  it('count the attempts of an address in a time, whatever becomes of them', () => {
    const limits = limitsOf({ maxUpgradesPerAddress: 10 });
    for (let n = 0; n < 10; n++) expect(limits.mayKnock('a')).toBe(true);
    expect([limits.mayKnock('a'), limits.mayKnock('b')]).toEqual([false, true]);
    clock.advance(1_000);
    expect([limits.mayKnock('a'), limits.mayKnock('a')]).toEqual([true, false]);
  });

  it('count the connections of an address until they close', () => {
    const limits = limitsOf({ maxConnectionsPerAddress: 2 });
    const sockets = [new PassThrough(), new PassThrough()];
    for (const socket of sockets) limits.opened('a', socket);
    expect([limits.mayKnock('a'), limits.mayKnock('b')]).toEqual([false, true]);
    sockets[0]?.emit('close');
    sockets[0]?.emit('close');
    expect(limits.mayKnock('a')).toBe(true);
    sockets[1]?.emit('close');
    expect(limits.size).toBe(0);
  });

  it('remember nobody without need, and not everybody with it', () => {
    const limits = limitsOf({ maxUpgradesPerAddress: 5 });
    limits.waits('waits');
    for (let n = 0; n < 30_000; n++) limits.mayKnock(String(n));
    expect(limits.size).toBeLessThanOrEqual(10_001);
    for (let n = 0; n < 5; n++) limits.mayKnock('last');
    expect(limits.mayKnock('last')).toBe(false);
    limits.waited('waits');
    expect(limits.pending).toBe(0);
  });
});
