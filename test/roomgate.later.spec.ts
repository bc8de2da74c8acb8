import { FakeClock } from 'nestjs-roomgate/testing';
import { attempt, isLater, whenThere } from '../src/roomgate.later.js';

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
