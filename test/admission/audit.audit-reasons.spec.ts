import { readdirSync, readFileSync } from 'node:fs';
import { AUDIT_REASONS, CLOSE_CODES } from 'nestjs-roomgate';
import { REFUSALS } from '../../src/admission/refusals.js';
import { isAuditReason } from '../../src/admission/audit.js';

const SRC = new URL('../../src/', import.meta.url);
const SOURCES = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('audit-reasons.ts'))
  .map((file) => readFileSync(new URL(file, SRC), 'utf8'));

const CLOSES = Object.values(CLOSE_CODES).map(({ reason }) => reason.replaceAll(' ', '_'));

/** First groups of all matches. */
function found(pattern: RegExp): string[] {
  return SOURCES.flatMap((text) =>
    Array.from(text.matchAll(pattern), ([, group]) => group as string),
  );
}

describe('AUDIT_REASONS', () => {
  it.each([
    ['refusal codes', Object.keys(REFUSALS)],
    ['closes', CLOSES],
    ['second arguments of refusals', found(/new Refusal\(\s*'\w+',\s*'(\w+)'/g)],
    ['reasons of our verifiers', found(/\bREFUSED\.(\w+)/g)],
    ['reasons of shape and claims', found(/\b(?:refuse|invalid)\('(\w+)'\)/g)],
  ])('has all %s', (_what, reasons) => {
    expect(reasons.length).toBeGreaterThan(4);
    expect(reasons.filter((reason) => !isAuditReason(reason))).toEqual([]);
  });

  it('has none that nothing in src can be the cause of', () => {
    const unused = Object.keys(AUDIT_REASONS).filter(
      (reason) =>
        !(reason in REFUSALS) &&
        !CLOSES.includes(reason) &&
        !SOURCES.some((text) => text.includes(`'${reason}'`)),
    );
    expect(unused).toEqual([]);
  });

  it.each(Object.entries(AUDIT_REASONS))('describes %s in one sentence', (reason, sentence) => {
    expect(reason).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(sentence).toMatch(/^[A-Z](?!.*\. ).*\.$/);
  });

  it.each([undefined, null, 7, '', 'constructor', '__proto__', 'toString', ['issuer']])(
    'does not hold %p for a reason',
    (given) => {
      expect(isAuditReason(given)).toBe(false);
    },
  );
});
