import fc from 'fast-check';
import { MessageRate } from '../../src/connection/rate-limit.js';
import { propertyRuns } from '../support/property-runs.js';

const RULES = { maxMessagesPerWindow: 100, messageWindowMs: 10_000, messageBurst: 50 };

describe('MessageRate', () => {
  const rate = new MessageRate(RULES);

  it('lets a burst pass, then one by one as time goes by, and says how long to wait', () => {
    const who = { paidAt: 0 };
    for (let n = 0; n < 50; n++) expect(rate.take(who, 1, 1_000)).toBe(0);
    expect(rate.take(who, 1, 1_000)).toBe(100);
    expect(rate.take(who, 1, 1_099)).toBe(1);
    expect(rate.take(who, 1, 1_100)).toBe(0);
    expect(rate.take(who, 1, 1_100)).toBe(100);
  });

  it('charges nothing for what does not pass', () => {
    const who = { paidAt: 0 };
    for (let n = 0; n < 1_000; n++) rate.take(who, 1, 0);
    expect(rate.take(who, 1, 100)).toBe(0);
  });

  it('counts what costs more as more', () => {
    const who = { paidAt: 0 };
    for (let n = 0; n < 10; n++) expect(rate.take(who, 5, 0)).toBe(0);
    expect(rate.take(who, 5, 0)).toBe(500);
  });

  it('gives the burst back in time', () => {
    const who = { paidAt: 0 };
    for (let n = 0; n < 50; n++) rate.take(who, 1, 0);
    for (let n = 0; n < 50; n++) expect(rate.take(who, 1, 5_000)).toBe(0);
  });

  it('lets everything pass without a limit', () => {
    const none = new MessageRate({ ...RULES, maxMessagesPerWindow: 0 });
    const who = { paidAt: 0 };
    for (let n = 0; n < 10_000; n++) expect(none.take(who, 100, 0)).toBe(0);
    expect(who.paidAt).toBe(0);
  });

  it('never lets more pass in any time than burst and rate together', () => {
    const steps = fc.array(
      fc.record({
        after: fc.integer({ min: 0, max: 3_000 }),
        many: fc.integer({ min: 1, max: 80 }),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, (each) => {
        const who = { paidAt: 0 };
        const passed: number[] = [];
        let now = 1_000;
        for (const { after, many } of each) {
          now += after;
          for (let n = 0; n < many; n++) if (rate.take(who, 1, now) === 0) passed.push(now);
        }
        const isTooMuch = passed.some((from, index) =>
          passed.some(
            (to, last) => last >= index && last - index + 1 > 50 + (to - from) / 100 + 1e-6,
          ),
        );
        expect(isTooMuch).toBe(false);
      }),
      propertyRuns(40),
    );
  });
});
