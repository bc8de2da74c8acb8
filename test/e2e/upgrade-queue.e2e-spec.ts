import { ApplicationConfig } from '@nestjs/core';
import { type RoomgateModuleOptions, TokenVerifier, type UnverifiedToken } from 'nestjs-roomgate';
import type { RoomgateAdapter } from '../../src/adapter/roomgate.adapter.js';
import { expectProblem } from '../support/expect-problem.js';
import { areAnswered, HeldUpgrades, reset, statusesOf } from '../support/held-upgrades.js';
import { HeldPolicy } from '../support/policies.js';
import { eventually } from '../support/poll.js';
import type { RoomAppOptions } from '../support/room-app.js';

/** Who came as far as the verifier, in order. */
const verified: unknown[] = [];

class HeardVerifier extends TokenVerifier {
  verify({ claims }: UnverifiedToken): Readonly<Record<string, unknown>> {
    verified.push(claims.sub);
    return claims;
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Upgrades that come in one turn, of which one is decided in each', () => {
  let door: HeldUpgrades;

  async function open(
    roomgate: RoomgateModuleOptions = {},
    options: RoomAppOptions = {},
  ): Promise<void> {
    verified.length = 0;
    door = await HeldUpgrades.open({
      verifier: HeardVerifier,
      ...options,
      roomgate: { maxVerdictsPerTurn: 1, maxConnectionsPerAddress: 100, ...roomgate },
    });
  }

  afterEach(async () => {
    HeldPolicy.letGo();
    await door.close();
  });

  it('are served as they came, also those that are refused, and have no word before their turn', async () => {
    await open();
    const upgrades = await door.knock('a', 'b', undefined, 'c');
    const { registry } = door.app.node;
    const state = (): unknown[] => [
      ...areAnswered(upgrades),
      verified.join(),
      door.limits.pending.taken,
      registry.size,
    ];
    door.handOver();
    expect(state()).toEqual([true, false, false, false, 'a', 3, 1]);
    await nextTurn();
    expect(state()).toEqual([true, true, false, false, 'a,b', 2, 2]);
    await nextTurn();
    expect(state()).toEqual([true, true, true, false, 'a,b', 1, 2]);
    await nextTurn();
    expect(state()).toEqual([true, true, true, true, 'a,b,c', 0, 3]);
    expect(await statusesOf(upgrades)).toEqual([101, 101, 401, 101]);
    await door.expectNothingLeft();
  });

  it('reach no verifier when they reset before their turn', async () => {
    await open();
    const [, second] = await door.knock('a', 'b', 'c');
    const turns = door.holdTurns();
    door.handOver();
    await eventually(() => turns.waiting === 2, 'their turns to come');
    if (second) await reset(second);
    turns.open();
    await nextTurn();
    expect([verified, door.limits.pending.taken]).toEqual([['a', 'c'], 0]);
    await door.expectNothingLeft();
  });

  it('are told to come back when the door is taken away before their turn, which lets nobody in', async () => {
    await open();
    const upgrades = await door.knock('a', 'b', 'c', 'd');
    const turns = door.holdTurns();
    door.handOver();
    await eventually(() => turns.waiting === 3, 'their turns to come');
    turns.letGo();
    await nextTurn();
    const adapter = door.app.app.get(ApplicationConfig).getIoAdapter() as RoomgateAdapter;
    const disposed = adapter.dispose();
    // Their answers are on the way, and their sockets not closed yet.
    turns.open();
    await disposed;
    for (const { client } of upgrades.slice(2))
      expectProblem(await client.answer(), 503, 'draining');
    expect([verified, door.limits.pending.taken]).toEqual([['a', 'b'], 0]);
    const inside = upgrades.slice(0, 2);
    expect(await statusesOf(inside)).toEqual([101, 101]);
    for (const { client } of inside) expect(client.received.includes('503')).toBe(false);
    expect(door.app.node.registry.size).toBe(2);
    await door.expectNothingLeft();
  });

  it('are told to come back when their turn comes on a node that drains', async () => {
    await open();
    const [, ...waiting] = await door.knock('a', 'b', 'c');
    const turns = door.holdTurns();
    door.handOver();
    door.app.node.drain.begin();
    turns.open();
    for (const { client } of waiting) expectProblem(await client.answer(), 503, 'draining');
    await door.expectNothingLeft();
  });

  it.each<[string, RoomgateModuleOptions]>([
    ['from one address', { maxPendingUpgrades: 40, maxConnectionsPerAddress: 0 }],
    ['besides the open connections of their address', { maxConnectionsPerAddress: 3 }],
  ])('are refused when too many wait for their turn %s', async (_which, roomgate) => {
    await open(roomgate);
    for (let round = 0; round < 2; round++) {
      const upgrades = await door.knock('a', 'b', 'c', 'd');
      door.handOver();
      expect(areAnswered(upgrades)).toEqual([true, false, false, true]);
      expect(await statusesOf(upgrades)).toEqual([101, 101, 101, 429]);
      await door.expectNothingLeft();
    }
  });

  it('have all of the time for their verdict when their turn has come', async () => {
    await open({ verdictDeadlineMs: 5_000 });
    const upgrades = await door.knock('a', 'b');
    const turns = door.holdTurns();
    door.handOver();
    door.app.clock.advance(5_000);
    await nextTurn();
    expect(areAnswered(upgrades)).toEqual([true, false]);
    turns.open();
    expect(await statusesOf(upgrades)).toEqual([101, 101]);
    await door.expectNothingLeft();
  });

  it('wait on for a verdict that comes later, and count once all the while', async () => {
    await open({}, { policy: HeldPolicy });
    const upgrades = await door.knock('a', 'b', 'c');
    const state = (): number[] => [HeldPolicy.waiting, door.limits.pending.taken];
    door.handOver();
    expect(state()).toEqual([1, 3]);
    await nextTurn();
    await nextTurn();
    expect(state()).toEqual([3, 3]);
    const [last] = upgrades.splice(2);
    if (last) await reset(last);
    expect(state()).toEqual([3, 2]);
    HeldPolicy.letGo();
    expect(await statusesOf(upgrades)).toEqual([101, 101]);
    await door.expectNothingLeft();
  });
});
