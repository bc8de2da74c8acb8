import { FakeClock } from 'nestjs-roomgate/testing';
import { TroubleLog } from '../../src/redis/trouble-log.js';

describe('TroubleLog', () => {
  let clock: FakeClock;
  let lines: string[];
  let log: TroubleLog;

  beforeEach(() => {
    clock = new FakeClock();
    lines = [];
    const write = (line: string): void => void lines.push(line);
    log = new TroubleLog(clock, write, (reason) => `down: ${reason}`, 'up');
  });

  it('writes one line for each reason of a trouble, and one when it ends', () => {
    for (let times = 0; times < 100; times++) {
      log.begin('A');
      log.begin('B');
    }
    expect(log.reason).toBe('B');
    log.end();
    log.end();
    expect(lines).toEqual(['down: A', 'down: B', 'up']);
    expect(log.reason).toBeUndefined();
  });

  it('writes nothing of an end without a trouble', () => {
    log.end();
    expect(lines).toEqual([]);
  });

  it('writes at most two lines in ten seconds about a trouble that comes and goes each second', () => {
    for (let seconds = 0; seconds < 60; seconds++) {
      log.begin('OOM');
      clock.advance(500);
      log.end();
      clock.advance(500);
    }
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.length).toBeLessThanOrEqual(14);
  });

  it('writes a trouble that has come back and stays, after ten seconds', () => {
    log.begin('OOM');
    log.end();
    log.begin('OOM');
    clock.advance(9_999);
    expect(lines).toEqual(['down: OOM', 'up']);
    clock.advance(1);
    expect(lines).toEqual(['down: OOM', 'up', 'down: OOM']);
    log.end();
    expect(lines.at(-1)).toBe('up');
  });

  it('writes at once a trouble that comes back for another reason, and its end', () => {
    log.begin('ECONNREFUSED');
    log.end();
    log.begin('CERT_HAS_EXPIRED');
    clock.advance(20_000);
    log.end();
    expect(lines).toEqual(['down: ECONNREFUSED', 'up', 'down: CERT_HAS_EXPIRED', 'up']);
  });

  it('writes a trouble at once when the last one is long over', () => {
    log.begin('OOM');
    log.end();
    clock.advance(10_000);
    log.begin('OOM');
    expect(lines).toEqual(['down: OOM', 'up', 'down: OOM']);
  });

  it('writes no more than eight reasons of one trouble, and knows the latest', () => {
    for (let n = 0; n < 100; n++) log.begin(`R${n}`);
    expect(lines).toHaveLength(8);
    expect(log.reason).toBe('R99');
  });

  it('writes nothing after it was stopped', () => {
    log.begin('OOM');
    log.end();
    log.begin('OOM');
    log.stop();
    clock.advance(60_000);
    expect(lines).toEqual(['down: OOM', 'up']);
  });
});
