import { FakeClock } from 'nestjs-roomgate/testing';
import { askEach, attempt, isLater, whenThere } from '../../src/core/maybe-promise.js';
import { Deferred } from '../support/deferred.js';

/** As query builders are; linters would rather that nobody was. */
const having = (then: unknown): unknown => Object.fromEntries(['then'].map((key) => [key, then]));
const thenable = having((resolve: (value: number) => void) => resolve(1)) as Promise<number>;

describe('What may be there only later', () => {
  it.each([
    [Promise.resolve(1), true],
    [thenable, true],
    [having(1), false],
    [Object.create(null), false],
    [null, false],
    [undefined, false],
    ['then', false],
    [true, false],
  ])('tells %p apart: %p', (value, later) => expect(isLater<unknown>(value)).toBe(later));

  it('goes on in the same turn with what is there, else when it is', async () => {
    const next = (value: number): number => value + 1;
    expect(whenThere(1, next)).toBe(2);
    expect(await whenThere(Promise.resolve(1), next)).toBe(2);
    expect(await whenThere(thenable, next)).toBe(2);
  });

  it('makes an answer of every failure', async () => {
    const failed = (error: unknown): unknown => error;
    expect(attempt(() => 1, failed)).toBe(1);
    expect(attempt(() => fail(), failed)).toBe('x');
    expect(await attempt(() => Promise.reject('x' as never), failed)).toBe('x');
    expect(await attempt(() => whenThere(thenable, fail), failed)).toBe('x');
  });
});

describe('askEach', () => {
  it('asks about so many at a time, the first of them in this turn, and answers in their order', async () => {
    const waiting: Deferred<number>[] = [];
    const ask = (): Promise<number> => {
      const deferred = new Deferred<number>();
      waiting.push(deferred);
      return deferred.promise;
    };
    const answers = askEach(['a', 'b', 'c', 'd'], 2, ask);
    expect(waiting).toHaveLength(2);
    waiting[1]?.resolve(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(waiting).toHaveLength(3);
    waiting[2]?.resolve(2);
    waiting[0]?.resolve(0);
    await new Promise((resolve) => setImmediate(resolve));
    waiting[3]?.resolve(3);
    expect(await answers).toEqual([0, 1, 2, 3]);
  });

  it('asks about nothing, and fails with the first failure', async () => {
    expect(await askEach([], 2, fail)).toEqual([]);
    await expect(askEach([1, 2], 2, () => Promise.reject(new Error('x')))).rejects.toThrow('x');
  });
});

describe('Clock.within', () => {
  it('sets no timer for what is there', async () => {
    const clock = new FakeClock();
    const answer = clock.within<number, string>(1, 10, 'late');
    expect(clock.pending).toBe(0);
    expect(await answer).toBe(1);
  });
});

function fail(): never {
  throw 'x';
}
