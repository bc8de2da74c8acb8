import { FakeClock } from 'nestjs-roomgate/testing';
import { ControlQueue } from '../../src/connection/control-queue.js';
import { Deferred } from '../support/deferred.js';

describe('ControlQueue', () => {
  let queue: ControlQueue;
  let begun: string[];
  let ends: Map<string, Deferred>;

  beforeEach(() => {
    queue = new ControlQueue(2, new FakeClock(), 5_000);
    begun = [];
    ends = new Map();
  });

  const push = (name: string): boolean =>
    queue.push(() => {
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
    expect([push('1'), push('2'), push('3')]).toEqual([true, true, true]);
    expect(begun).toEqual(['1']);
    await end('1');
    expect(begun).toEqual(['1', '2']);
    await end('2');
    expect(begun).toEqual(['1', '2', '3']);
  });

  it('takes no more than may wait, and takes more again when one of them has begun', async () => {
    for (const name of ['1', '2', '3']) push(name);
    expect(push('4')).toBe(false);
    await end('1');
    expect([push('5'), push('6')]).toEqual([true, false]);
    for (const name of ['2', '3', '5']) await end(name);
    expect(begun).toEqual(['1', '2', '3', '5']);
  });

  it('begins at once again when all has ended', async () => {
    push('1');
    push('2');
    await end('1');
    await end('2');
    push('3');
    expect(begun).toEqual(['1', '2', '3']);
  });

  it('keeps the order of what is asked for while something ends', async () => {
    queue.push(async () => {
      begun.push('outer');
      push('asked inside');
    });
    push('asked behind');
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toEqual(['outer', 'asked inside']);
    await end('asked inside');
    expect(begun).toEqual(['outer', 'asked inside', 'asked behind']);
  });
});
