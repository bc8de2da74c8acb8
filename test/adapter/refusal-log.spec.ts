import fc from 'fast-check';
import { FakeClock } from 'nestjs-roomgate/testing';
import { RefusalLog } from '../../src/adapter/refusal-log.js';
import { propertyRuns } from '../support/property-runs.js';

describe('RefusalLog', () => {
  let clock: FakeClock;
  let lines: string[];
  let log: RefusalLog;

  beforeEach(() => {
    clock = new FakeClock();
    lines = [];
    log = new RefusalLog(clock, (line) => lines.push(line));
  });

  it('logs the first refusal of a reason at once', () => {
    log.add(401, 'token_invalid', 'token_json');
    expect(lines).toEqual(['Upgrade refused: 401 token_invalid (token_json).']);
  });

  it('is quiet for ten seconds and then says how many there were', () => {
    for (let i = 0; i < 5; i++) log.add(401, 'no_token', 'no_token');
    clock.advance(9_999);
    log.add(401, 'no_token', 'no_token');
    expect(lines).toHaveLength(1);
    clock.advance(1);
    log.add(401, 'no_token', 'no_token');
    expect(lines.slice(1)).toEqual(['Upgrade refused: 401 no_token (no_token), 6 times.']);
    clock.advance(10_000);
    log.add(401, 'no_token', 'no_token');
    expect(lines.slice(2)).toEqual(['Upgrade refused: 401 no_token (no_token).']);
  });

  it('keeps reasons apart', () => {
    log.add(401, 'token_invalid', 'token_json');
    log.add(401, 'token_invalid', 'token_parts');
    expect(lines).toHaveLength(2);
  });

  it('cuts a reason that somebody made long', () => {
    log.add(401, 'token_invalid', 'x'.repeat(1_000));
    expect(lines[0]).toBe(`Upgrade refused: 401 token_invalid (${'x'.repeat(64)}).`);
  });

  it('takes invented reasons together when there are too many of them', () => {
    for (let i = 0; i < 1_000; i++) log.add(401, 'token_invalid', `reason-${i}`);
    expect(lines).toHaveLength(65);
    expect(lines.at(-1)).toBe('Upgrade refused: 401 token_invalid (other).');
    clock.advance(10_000);
    log.add(401, 'token_invalid', 'reason-0');
    log.add(401, 'token_invalid', 'reason-999');
    expect(lines.slice(65)).toEqual([
      'Upgrade refused: 401 token_invalid (reason-0).',
      'Upgrade refused: 401 token_invalid (other), 936 times.',
    ]);
  });

  it('never says a reason twice within ten seconds, and loses none', () => {
    const refusal = fc.record({ reason: fc.constantFrom('a', 'b', 'c'), afterMs: fc.nat(15_000) });
    fc.assert(
      fc.property(fc.array(refusal, { maxLength: 60 }), (refusals) => {
        const saidAt = new Map<string, number>();
        const counted = new Map<string, number>();
        const timed = new FakeClock();
        const sut = new RefusalLog(timed, (line) => {
          const [, reason = '', times = '1'] = /\((\w)\)(?:, (\d+) times)?/.exec(line) ?? [];
          expect(timed.now() - (saidAt.get(reason) ?? -Infinity)).toBeGreaterThanOrEqual(10_000);
          saidAt.set(reason, timed.now());
          counted.set(reason, (counted.get(reason) ?? 0) + Number(times));
        });
        for (const { reason, afterMs } of refusals) {
          timed.advance(afterMs);
          sut.add(401, 'x', reason);
        }
        timed.advance(10_000);
        for (const reason of ['a', 'b', 'c']) sut.add(401, 'x', reason);
        for (const reason of ['a', 'b', 'c'])
          expect(counted.get(reason)).toBe(
            refusals.filter((one) => one.reason === reason).length + 1,
          );
      }),
      propertyRuns(100),
    );
  });
});
