import fc from 'fast-check';
import { FakeClock } from 'nestjs-roomgate/testing';
import type { Revocation } from '../../src/admission/revocation.js';
import { Revocations } from '../../src/admission/revocations.js';
import { NOW, principalOf } from '../support/principal.js';
import { propertyRuns } from '../support/property-runs.js';

const A = 'https://a.test';
const B = 'https://b.test';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const LIFE = DAY + 2 * 5_000;
const alice = principalOf({ jti: 'j', sid: 's' });
const { identity } = alice;

const ofToken = (jti: string, issuer = A): Revocation => ({ kind: 'token', issuer, jti });
const ofSession = (sid: string, issuer = A): Revocation => ({ kind: 'session', issuer, sid });
const ofSubject = (issuedBefore: number, isExact?: boolean): Revocation => ({
  kind: 'subject',
  identity,
  issuedBefore,
  isExact,
});

describe('Revocations', () => {
  let clock: FakeClock;
  let revocations: Revocations;
  beforeEach(() => {
    clock = new FakeClock(NOW);
    revocations = new Revocations(clock, { clockToleranceMs: 5_000, maxTokenLifeMs: DAY });
  });

  it.each<[string, Revocation, object, boolean]>([
    ['its token', ofToken('j'), {}, true],
    ['another token', ofToken('k'), {}, false],
    ['a token of that id of another issuer', ofToken('j', B), {}, false],
    ['a token, when it has no id', ofToken('j'), { jti: undefined }, false],
    ['its session', ofSession('s'), {}, true],
    ['another session', ofSession('t'), {}, false],
    ['the session of that id of another issuer', ofSession('s', B), {}, false],
    ['a session, when it has none', ofSession('s'), { sid: undefined }, false],
    ['a session whose id is that of its token', ofSession('j'), {}, false],
    ['its subject', ofSubject(NOW), {}, true],
    ['its subject under another issuer', ofSubject(NOW), { iss: B }, false],
    ['another subject', ofSubject(NOW), { sub: 'bob' }, false],
    ['its subject, blocked', { kind: 'block', identity }, {}, true],
    ['the subject of another issuer, blocked', { kind: 'block', identity }, { iss: B }, false],
    ['its subject, unblocked', { kind: 'unblock', identity }, {}, false],
  ])('cover and concern a principal or not: %s', (_, revocation, others, expected) => {
    const principal = principalOf({ jti: 'j', sid: 's', ...others });
    expect(revocations.concerns(revocation, principal)).toBe(expected);
    expect(revocations.covers(principal)).toBe(false);
    revocations.apply(revocation);
    expect(revocations.covers(principal)).toBe(expected);
  });

  /** When it was issued in relation to the time given, and whether it goes. */
  it.each([
    [-DAY, true],
    [0, true],
    [4_000, true],
    [5_000, true],
    [6_000, false],
    [HOUR, false],
  ])('catch a token issued %d ms after the time given: %p', (afterMs, expected) => {
    const principal = principalOf({ iat: (NOW + afterMs) / 1000, exp: (NOW + DAY) / 1000 });
    for (const within of [0, 999]) {
      const revocation = ofSubject(NOW + within);
      expect(revocations.concerns(revocation, principal)).toBe(expected);
      revocations.apply(revocation);
      expect(revocations.covers(principal)).toBe(expected);
    }
  });

  /** The tolerance, whether the time was another's, the milliseconds after the time given, and whether it goes. */
  it.each<[number, boolean, number, boolean]>([
    [0, false, -400, true],
    [0, false, 999, true],
    [0, false, 1_000, false],
    [0, true, -400, true],
    [0, true, 0, true],
    [0, true, 999, true],
    [0, true, 1_000, false],
    [5_000, true, 999, true],
    [5_000, true, 1_000, false],
    [5_000, false, 5_999, true],
    [5_000, false, 6_000, false],
    [400, false, 999, true],
    [400, false, 1_000, false],
  ])(
    'with a tolerance of %d ms, an exact time %p, a token issued %d ms after the second given goes: %p',
    (clockToleranceMs, isExact, afterMs, expected) => {
      const principal = principalOf({ iat: (NOW + afterMs) / 1000, exp: (NOW + DAY) / 1000 });
      for (const within of [0, 1, 400, 999]) {
        const fresh = new Revocations(clock, { clockToleranceMs, maxTokenLifeMs: DAY });
        const revocation = ofSubject(NOW + within, isExact);
        expect(fresh.concerns(revocation, principal)).toBe(expected);
        fresh.apply(revocation);
        expect(fresh.covers(principal)).toBe(expected);
      }
    },
  );

  it('keep the later of two limits, whichever of the times is exact', () => {
    const issuedAt = (afterMs: number): typeof alice =>
      principalOf({ iat: (NOW + afterMs) / 1000, exp: (NOW + DAY) / 1000 });
    const both = [ofSubject(NOW), ofSubject(NOW + 2_000, true)];
    for (const order of [both, both.toReversed()]) {
      const fresh = new Revocations(clock, { clockToleranceMs: 5_000, maxTokenLifeMs: DAY });
      for (const one of order) fresh.apply(one);
      expect(fresh.covers(issuedAt(5_000))).toBe(true);
      expect(fresh.covers(issuedAt(6_000))).toBe(false);
    }
  });

  it('end a session up to a time, as nodes of version 0.1 say it, with the tolerance', () => {
    const revocation: Revocation = { ...ofSession('s'), issuedBefore: NOW } as Revocation;
    revocations.apply(revocation);
    for (const [afterMs, expected] of [
      [5_999, true],
      [6_000, false],
    ] as const) {
      const principal = principalOf({ sid: 's', iat: (NOW + afterMs) / 1000 });
      expect(revocations.covers(principal)).toBe(expected);
      expect(revocations.concerns(revocation, principal)).toBe(expected);
    }
  });

  it.each([-1, 0, NOW / 1000, -1e308, Number.MIN_VALUE])(
    'catch nobody of today with a time long ago: %p',
    (issuedBefore) => {
      revocations.apply(ofSubject(issuedBefore));
      expect(revocations.covers(alice)).toBe(false);
    },
  );

  it('never take a later time back', () => {
    revocations.apply(ofSubject(NOW));
    revocations.apply(ofSubject(NOW - DAY));
    expect(revocations.covers(alice)).toBe(true);
  });

  it('know a block until it is taken back, however long that is, and nothing else is taken back with it', () => {
    revocations.apply({ kind: 'block', identity });
    clock.step(10 * 365 * DAY);
    forgetOld();
    expect(revocations.covers(alice)).toBe(true);
    revocations.apply(ofToken('j'));
    revocations.apply({ kind: 'unblock', identity });
    expect(revocations.covers(alice)).toBe(true);
    expect(revocations.covers(principalOf({ jti: 'other' }))).toBe(false);
  });

  /** Fills it until it looks for what may go. */
  const forgetOld = (): void => {
    const before = revocations.size;
    for (let n = 0; n < 200; n++) revocations.apply(ofToken(`filler ${clock.now()} ${n}`));
    expect(revocations.size).toBeLessThanOrEqual(before + 200);
  };

  it.each([
    ['token', ofToken('j')],
    ['session', ofSession('s')],
    ['subject', ofSubject(NOW)],
  ])('hold a %s for as long as a token of it can live, and forget it then', (_, revocation) => {
    revocations.apply(revocation);
    clock.step(LIFE - 1);
    forgetOld();
    expect(revocations.covers(alice)).toBe(true);
    clock.step(1);
    forgetOld();
    expect(revocations.covers(alice)).toBe(false);
  });

  it('hold a time that is still to come for as long as the tokens of that time can live', () => {
    revocations.apply(ofSubject(NOW + 30 * DAY));
    // Doing it again for an earlier time shortens nothing.
    revocations.apply(ofSubject(NOW));
    clock.step(30 * DAY + LIFE - 1);
    forgetOld();
    const iat = (NOW + 30 * DAY) / 1000;
    expect(revocations.covers(principalOf({ iat, exp: iat + DAY / 1000 }))).toBe(true);
    clock.step(1);
    forgetOld();
    expect(revocations.covers(alice)).toBe(false);
  });

  it('are not shortened when they are repeated after the clock was set back', () => {
    revocations.apply(ofToken('j'));
    clock.step(-HOUR);
    revocations.apply(ofToken('j'));
    clock.step(HOUR + LIFE - 1);
    forgetOld();
    expect(revocations.covers(alice)).toBe(true);
  });

  it('take memory for those in force and not for those of the past', () => {
    for (let day = 0; day < 50; day++) {
      for (let n = 0; n < 300; n++) revocations.apply(ofToken(`${day} ${n}`));
      clock.step(LIFE);
    }
    expect(revocations.size).toBeLessThanOrEqual(900);
  });

  it('agree: what is covered is what one of them concerned', () => {
    const claims = fc.record({
      iss: fc.constantFrom(A, B),
      sub: fc.constantFrom('alice', 'bob'),
      jti: fc.constantFrom(undefined, 'j', 'k'),
      sid: fc.constantFrom(undefined, 'j', 's'),
      iat: fc.integer({ min: -200, max: 200 }).map((tenths) => NOW / 1000 + tenths / 10),
    });
    const revocation = fc.oneof(
      claims.map(({ iss, jti = 'j' }) => ofToken(jti, iss)),
      claims.map(({ iss, sid = 's' }) => ofSession(sid, iss)),
      fc
        .tuple(claims, fc.integer({ min: NOW - 9_000, max: NOW + 9_000 }), fc.boolean())
        .map(([of, time, isExact]) => ({
          ...ofSubject(time, isExact),
          identity: principalOf(of).identity,
        })),
      claims.map((of) => ({ kind: 'block' as const, identity: principalOf(of).identity })),
    );
    fc.assert(
      fc.property(fc.array(revocation, { maxLength: 8 }), claims, (all, of) => {
        const fresh = new Revocations(clock, { clockToleranceMs: 5_000, maxTokenLifeMs: DAY });
        for (const one of all) fresh.apply(one);
        const principal = principalOf(of);
        expect(fresh.covers(principal)).toBe(all.some((one) => fresh.concerns(one, principal)));
      }),
      propertyRuns(300),
    );
  });
});
