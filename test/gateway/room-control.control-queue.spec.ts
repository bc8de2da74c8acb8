import { FakeClock } from 'nestjs-roomgate/testing';
import type { RoomConnection } from '../../src/connection/connection.js';
import { ControlQueue } from '../../src/gateway/room-control.js';
import { Deferred } from '../support/deferred.js';

describe('ControlQueue', () => {
  const alice = { id: 'alice' } as RoomConnection;
  const bob = { id: 'bob' } as RoomConnection;
  let queue: ControlQueue;
  let begun: string[];
  let ends: Map<string, Deferred>;

  beforeEach(() => {
    queue = new ControlQueue(2, new FakeClock(), 5_000);
    begun = [];
    ends = new Map();
  });

  const push = (connection: RoomConnection, name: string): boolean =>
    queue.push(connection, () => {
      begun.push(name);
      const end = new Deferred();
      ends.set(name, end);
      return end.promise;
    });
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };

  it('begins the first at once, and each other when the one before it has ended', async () => {
    expect([push(alice, '1'), push(alice, '2'), push(alice, '3')]).toEqual([true, true, true]);
    expect(begun).toEqual(['1']);
    await end('1');
    expect(begun).toEqual(['1', '2']);
    await end('2');
    expect(begun).toEqual(['1', '2', '3']);
  });

  it('takes no more than may wait, and takes more again when one of them has begun', async () => {
    for (const name of ['1', '2', '3']) push(alice, name);
    expect(push(alice, '4')).toBe(false);
    await end('1');
    expect([push(alice, '5'), push(alice, '6')]).toEqual([true, false]);
    for (const name of ['2', '3', '5']) await end(name);
    expect(begun).toEqual(['1', '2', '3', '5']);
  });

  it('lets no connection wait for another', async () => {
    push(alice, 'a1');
    push(alice, 'a2');
    push(bob, 'b1');
    expect(begun).toEqual(['a1', 'b1']);
    await end('b1');
    push(bob, 'b2');
    expect(begun).toEqual(['a1', 'b1', 'b2']);
  });

  it('begins at once again when all has ended', async () => {
    push(alice, '1');
    push(alice, '2');
    await end('1');
    await end('2');
    push(alice, '3');
    expect(begun).toEqual(['1', '2', '3']);
  });

  it('keeps the order of what is asked for while something ends', async () => {
    queue.push(alice, async () => {
      begun.push('outer');
      push(alice, 'asked inside');
    });
    push(alice, 'asked behind');
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toEqual(['outer', 'asked inside']);
    await end('asked inside');
    expect(begun).toEqual(['outer', 'asked inside', 'asked behind']);
  });
});
