import { FakeClock } from 'nestjs-roomgate/testing';

describe('FakeClock', () => {
  let clock: FakeClock;
  const ran: [string, number][] = [];
  const timer = (name: string, delayMs: number): (() => void) =>
    clock.setTimer(() => ran.push([name, clock.now()]), delayMs);

  beforeEach(() => {
    clock = new FakeClock(1_000);
    ran.length = 0;
  });

  it('stands still until it is told to advance, then runs what becomes due, each at its own time', () => {
    timer('b', 200);
    timer('a', 100);
    timer('c', 301);
    expect(clock.now()).toBe(1_000);
    clock.advance(300);
    expect(ran).toEqual([
      ['a', 1_100],
      ['b', 1_200],
    ]);
    expect([clock.now(), clock.pending]).toEqual([1_300, 1]);
  });

  it('runs what a timer sets, if it is due too', () => {
    clock.setTimer(() => timer('again', 50), 100);
    clock.advance(149);
    expect(ran).toEqual([]);
    clock.advance(1);
    expect(ran).toEqual([['again', 1_150]]);
  });

  it('does not run what was cancelled', () => {
    timer('a', 100)();
    clock.advance(200);
    expect([ran, clock.pending]).toEqual([[], 0]);
  });

  it.each([-500, 500])(
    'is set by %d without running anything, and timers stay as far off as they were',
    (ms) => {
      timer('a', 100);
      clock.step(ms);
      expect([clock.now(), ran]).toEqual([1_000 + ms, []]);
      clock.advance(99);
      expect(ran).toEqual([]);
      clock.advance(1);
      expect(ran).toEqual([['a', 1_100 + ms]]);
    },
  );

  it('has an elapsed time that only advancing moves', () => {
    clock.advance(300);
    clock.step(-3_600_000);
    clock.advance(50);
    expect(clock.elapsed()).toBe(350);
  });

  it('begins at the real time, in whole seconds', () => {
    expect(new FakeClock().now() % 1_000).toBe(0);
    expect(Math.abs(new FakeClock().now() - Date.now())).toBeLessThan(5_000);
  });
});
