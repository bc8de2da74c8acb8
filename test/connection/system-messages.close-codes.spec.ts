import fc from 'fast-check';
import { CLOSE_CODES } from 'nestjs-roomgate';
import { cutReason } from '../../src/connection/system-messages.js';
import { propertyRuns } from '../support/property-runs.js';

describe('CLOSE_CODES', () => {
  it('has one row for each code, with a reason that fits into a close frame', () => {
    const rows = Object.values(CLOSE_CODES);
    expect(new Set(rows.map(({ code }) => code)).size).toBe(rows.length);
    for (const { reason } of rows) expect(cutReason(reason)).toBe(reason);
  });
});

describe('cutReason', () => {
  it.each([
    ['x'.repeat(123), 123],
    ['x'.repeat(124), 123],
    [`${'x'.repeat(122)}é`, 122],
    [`${'x'.repeat(121)}é`, 123],
    [`${'x'.repeat(120)}👋`, 120],
    ['漢'.repeat(42), 123],
    ['', 0],
  ])('cuts by bytes and between characters (%#)', (reason, bytes) => {
    const cut = cutReason(reason);
    expect(Buffer.byteLength(cut)).toBe(bytes);
    expect(reason.startsWith(cut)).toBe(true);
  });

  it('gives the longest beginning that fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (reason) => {
        const cut = cutReason(reason);
        expect(reason.startsWith(cut)).toBe(true);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(123);
        const next = String.fromCodePoint(reason.codePointAt(cut.length) ?? 0);
        expect(cut === reason || Buffer.byteLength(cut + next) > 123).toBe(true);
      }),
      propertyRuns(200),
    );
  });
});
