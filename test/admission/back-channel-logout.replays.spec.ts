import { FakeClock } from 'nestjs-roomgate/testing';
import { Replays } from '../../src/admission/back-channel-logout.js';

describe('Replays', () => {
  const clock = new FakeClock(1_000_000);
  let replays: Replays;

  beforeEach(() => (replays = new Replays(clock)));

  it('remembers until the end', () => {
    replays.add('a', clock.now() + 10);
    clock.advance(9);
    expect(replays.has('a')).toBe(true);
    clock.advance(1);
    expect(replays.has('a')).toBe(false);
  });

  it('lets the oldest give way when there are ten thousand', () => {
    const until = clock.now() + 1_000;
    for (let i = 0; i < 10_001; i++) replays.add(String(i), until);
    expect(['0', '1', '10000'].map((key) => replays.has(key))).toEqual([false, true, true]);
  });

  it('makes room of what has ended first', () => {
    replays.add('short', clock.now() + 10);
    clock.advance(10);
    replays.add('long', clock.now() + 1_000);
    expect([replays.has('short'), replays.has('long')]).toEqual([false, true]);
  });
});
