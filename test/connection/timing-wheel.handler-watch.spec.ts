import { FakeClock } from 'nestjs-roomgate/testing';
import { HandlerWatch, type Run } from '../../src/connection/timing-wheel.js';

describe('HandlerWatch', () => {
  const clock = new FakeClock();
  let watch: HandlerWatch;
  const late: string[] = [];
  const watched = (onTimeout: () => unknown): Run => {
    const run = { startedAt: clock.elapsed(), onTimeout };
    watch.start(run);
    return run;
  };
  const start = (name: string): Run => watched(() => late.push(name));

  beforeEach(() => {
    watch = new HandlerWatch(clock, 1_000);
    late.length = 0;
  });

  afterEach(() => watch.stop());

  it('tells, once, of a run that takes too long', () => {
    start('a');
    clock.advance(999);
    expect(late).toEqual([]);
    clock.advance(251);
    clock.advance(5_000);
    expect(late).toEqual(['a']);
  });

  it('forgets a run that has ended', () => {
    const a = start('a');
    clock.advance(500);
    start('b');
    watch.end(a);
    clock.advance(5_000);
    expect(late).toEqual(['b']);
  });

  it('gives each run its own time', () => {
    start('a');
    clock.advance(750);
    start('b');
    clock.advance(500);
    expect(late).toEqual(['a']);
    clock.advance(750);
    expect(late).toEqual(['a', 'b']);
  });

  it('has one timer for all runs, and none when there are none', () => {
    const runs = [start('a'), start('b'), start('c')];
    expect(clock.pending).toBe(1);
    for (const run of runs) watch.end(run);
    clock.advance(250);
    expect(clock.pending).toBe(0);
  });

  it('lets a late run start another', () => {
    watched(() => start('b'));
    clock.advance(2_500);
    expect(late).toEqual(['b']);
  });

  it('stops', () => {
    start('a');
    watch.stop();
    clock.advance(5_000);
    expect([late, clock.pending]).toEqual([[], 0]);
  });

  it.each([-3_600_000, 3_600_000])('is not moved by a clock that was set by %d ms', (ms) => {
    start('a');
    clock.step(ms);
    start('b');
    clock.advance(999);
    expect(late).toEqual([]);
    clock.advance(251);
    expect(late).toEqual(['a', 'b']);
  });
});
