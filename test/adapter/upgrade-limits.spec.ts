import { PassThrough } from 'node:stream';
import { FakeClock } from 'nestjs-roomgate/testing';
import type { RoomgateOptions } from '../../src/module/options.js';
import { UpgradeLimits } from '../../src/adapter/upgrade-limits.js';

const clock = new FakeClock();
const limitsOf = (rules: Partial<RoomgateOptions> = {}): UpgradeLimits =>
  new UpgradeLimits(
    {
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
      limits.pending.take('a');
    }
    expect([limits.mayKnock('a'), limits.mayKnock('b')]).toEqual([false, true]);
    limits.pending.giveBack('a');
    expect(limits.mayKnock('a')).toBe(true);
  });

  it('give an address its share whether or not an option is about addresses', () => {
    const limits = limitsOf();
    for (let n = 0; n < 5; n++) limits.pending.take('a');
    expect([limits.mayKnock('a'), limits.mayKnock('b')]).toEqual([false, true]);
  });

  it('count those who wait among the connections that an address may have', () => {
    const limits = limitsOf({ maxConnectionsPerAddress: 3 });
    limits.opened('a', new PassThrough());
    limits.pending.take('a');
    expect(limits.mayKnock('a')).toBe(true);
    limits.pending.take('a');
    expect(limits.mayKnock('a')).toBe(false);
  });

  it('let nobody in when all places are taken', () => {
    const limits = limitsOf();
    for (let n = 0; n < 100; n++) limits.pending.take(String(n));
    expect(limits.mayKnock('new')).toBe(false);
    limits.pending.giveBack('3');
    expect(limits.mayKnock('new')).toBe(true);
  });

  it('have slots of their own for upgrades that no listener has claimed', () => {
    const limits = limitsOf();
    for (let n = 0; n < 100; n++) limits.unclaimed.take(String(n));
    expect([limits.unclaimed.hasOne('new'), limits.mayKnock('3')]).toEqual([false, true]);
    limits.unclaimed.giveBack('3');
    expect(limits.unclaimed.hasOne('new')).toBe(true);
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
    limits.pending.take('waits');
    for (let n = 0; n < 30_000; n++) limits.mayKnock(String(n));
    expect(limits.size).toBeLessThanOrEqual(10_001);
    for (let n = 0; n < 5; n++) limits.mayKnock('last');
    expect(limits.mayKnock('last')).toBe(false);
    limits.pending.giveBack('waits');
    expect(limits.pending.taken).toBe(0);
  });
});
