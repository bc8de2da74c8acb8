import { FakeClock } from 'nestjs-roomgate/testing';
import { createPrincipal, type Principal } from '../../src/admission/principal.js';
import type { CloseRow } from '../../src/connection/system-messages.js';
import { Lifetime } from '../../src/connection/lifetime.js';
import { TimingWheel } from '../../src/connection/timing-wheel.js';

const START = 1_800_000_000_000;
const YEAR = 365 * 86_400_000;

interface Wheels {
  readonly wheel: TimingWheel;
  readonly wallWheel: TimingWheel;
}

/** A connection that writes down what happened to it and when, in milliseconds since the start. */
class Owner {
  readonly log: string[] = [];
  isPaused = false;
  principal: Principal;
  readonly lifetime: Lifetime;

  constructor(
    readonly clock: FakeClock,
    { wheel, wallWheel }: Wheels,
    ttlMs: number,
    rules: { expiryWarningMs?: number; refreshGraceMs?: number; maxConnectionMs?: number } = {},
  ) {
    this.principal = this.#livingFor(ttlMs);
    this.lifetime = new Lifetime(this, {
      clock,
      wheel,
      wallWheel,
      expiryWarningMs: 60_000,
      refreshGraceMs: 25_000,
      maxConnectionMs: 0,
      ...rules,
    });
  }

  refresh(ttlMs: number): void {
    this.principal = this.#livingFor(ttlMs);
    this.lifetime.renew();
  }

  sendText(text: string, isControl: boolean): boolean {
    const { event, data } = JSON.parse(text) as { event: string; data: { inMs: number } };
    this.#note(`${event} ${data.inMs}${isControl ? '' : ' as if it were the application’s'}`);
    return true;
  }

  askAgain(): void {}

  end({ code }: CloseRow, options?: { drop?: boolean }): void {
    this.#note(`${code}${options?.drop ? ' drop' : ''}`);
    this.lifetime.stop();
  }

  #livingFor(ttlMs: number): Principal {
    const iat = this.clock.now() / 1000;
    return createPrincipal({ iss: 'i', sub: 's', iat, exp: iat + ttlMs / 1000 }, 5_000);
  }

  #note(what: string): void {
    this.log.push(`${this.clock.now() - START}: ${what}`);
  }
}

describe('Lifetime', () => {
  let clock: FakeClock;
  let wheels: Wheels;
  const size = (): number => wheels.wheel.size + wheels.wallWheel.size;
  beforeEach(() => {
    clock = new FakeClock(START);
    const wallWheel = new TimingWheel(clock, () => clock.now());
    wheels = { wheel: new TimingWheel(clock), wallWheel };
  });

  it('warns a minute before the end, is muted at it, and closes after the grace', () => {
    const owner = new Owner(clock, wheels, 3_600_000);
    clock.advance(3_605_000 + 24_999);
    expect(owner.log).toEqual(['3545000: auth.expiring 55000']);
    clock.advance(251);
    expect(owner.log.slice(1)).toEqual(['3630000: 4401 drop']);
    expect(size()).toBe(0);
  });

  it('warns at half of a shorter life', () => {
    const owner = new Owner(clock, wheels, 25_000);
    clock.advance(60_000);
    expect(owner.log).toEqual(['15000: auth.expiring 10000', '55000: 4401 drop']);
  });

  it('does not warn when that is switched off', () => {
    const owner = new Owner(clock, wheels, 60_000, { expiryWarningMs: 0 });
    clock.advance(95_000);
    // The end of the token and the end of its grace are noticed within 250 ms each.
    expect(owner.log).toEqual([expect.stringMatching(/^90(000|250|500): 4401 drop$/)]);
  });

  it.each([0, 60_000])(
    'closes at once without a grace, warning %d ms before',
    (expiryWarningMs) => {
      const owner = new Owner(clock, wheels, 60_000, { expiryWarningMs, refreshGraceMs: 0 });
      clock.advance(64_999);
      expect(owner.log.filter((line) => line.includes('4401'))).toEqual([]);
      clock.advance(501);
      expect(owner.log.at(-1)).toMatch(/^65\d{3}: 4401 drop$/);
    },
  );

  it('closes at once without a grace also when the socket is paused', () => {
    const owner = new Owner(clock, wheels, 60_000, { refreshGraceMs: 0 });
    owner.isPaused = true;
    clock.advance(65_500);
    expect(owner.log.at(-1)).toBe('65000: 4401 drop');
  });

  it('lets the grace of a paused socket stand still', () => {
    const owner = new Owner(clock, wheels, 60_000);
    owner.isPaused = true;
    clock.advance(300_000);
    expect(owner.log).toEqual(['32500: auth.expiring 27500']);
    owner.isPaused = false;
    clock.advance(25_250);
    expect(owner.log.at(-1)).toContain('4401 drop');
  });

  it('begins anew with each refresh, before and in the grace', () => {
    const owner = new Owner(clock, wheels, 60_000);
    clock.advance(50_000);
    owner.refresh(60_000);
    clock.advance(89_000);
    owner.refresh(60_000);
    clock.advance(64_000);
    expect(owner.log).toEqual([
      '32500: auth.expiring 27500',
      '82500: auth.expiring 27500',
      '171500: auth.expiring 27500',
    ]);
    expect(size()).toBe(1);
    clock.advance(26_250);
    expect(owner.log.at(-1)).toBe('229000: 4401 drop');
  });

  it('is shortened by a refresh with a shorter token', () => {
    const owner = new Owner(clock, wheels, 3_600_000);
    owner.refresh(10_000);
    clock.advance(41_000);
    expect(owner.log).toEqual(['7500: auth.expiring 2500', '40000: 4401 drop']);
  });

  it('holds for a token of years, and a warning of its own comes before the end of it', () => {
    const owner = new Owner(clock, wheels, 10 * YEAR);
    // Around the bounds of Node's timers, and through rounds of the wheel.
    for (const ms of [2 ** 31 - 1, 2, 8 * YEAR]) {
      clock.step(ms);
      clock.advance(200_000);
    }
    expect(owner.log).toEqual([]);
    expect(clock.pending).toBe(1);
    clock.step(START + 10 * YEAR - clock.now() - 56_000);
    clock.advance(1_000);
    expect(owner.log).toEqual([`${10 * YEAR - 55_000}: auth.expiring 55000`]);
  });

  it.each([
    ['before the token’s end', 30_000, ['30000: 1001']],
    ['in the grace', 70_000, ['32500: auth.expiring 27500', '70000: 1001']],
    ['after everything', 91_000, ['32500: auth.expiring 27500', '90000: 4401 drop']],
  ])('ends with the connection’s own deadline: %s', (_, maxConnectionMs, log) => {
    const owner = new Owner(clock, wheels, 60_000, { maxConnectionMs });
    clock.advance(200_000);
    expect(owner.log).toEqual(log);
  });

  it('has a deadline that no refresh moves', () => {
    const owner = new Owner(clock, wheels, 60_000, { maxConnectionMs: 100_000 });
    for (let n = 0; n < 10; n++) {
      owner.refresh(60_000);
      clock.advance(10_000);
    }
    expect(owner.log).toEqual(['100000: 1001']);
  });

  it('notices within a second that the clock was set ahead, and still gives the grace', () => {
    const owner = new Owner(clock, wheels, 60_000);
    clock.step(YEAR);
    clock.advance(1_000);
    const what = (): string[] => owner.log.map((line) => line.replace(/^\d+: /, ''));
    expect(what()).toEqual(['auth.expiring 0']);
    clock.advance(23_500);
    expect(what()).toHaveLength(1);
    clock.advance(1_000);
    expect(what()).toEqual(['auth.expiring 0', '4401 drop']);
  });

  it.each([-3_600_000, 3_600_000])(
    'ends by maxConnectionMs as if the clock had not been set by %d ms',
    (ms) => {
      const owner = new Owner(clock, wheels, 10 * 3_600_000, { maxConnectionMs: 100_000 });
      clock.advance(50_000);
      clock.step(ms);
      clock.advance(49_999);
      expect(owner.log).toEqual([]);
      clock.advance(251);
      expect(owner.log).toEqual([`${100_000 + ms}: 1001`]);
    },
  );

  it('gives the whole grace to a muted connection when the clock is set ahead', () => {
    const owner = new Owner(clock, wheels, 60_000);
    clock.advance(65_250);
    clock.step(3_600_000);
    clock.advance(24_500);
    expect(owner.log).toHaveLength(1);
    clock.advance(500);
    expect(owner.log).toHaveLength(2);
  });

  it('ends by the clock as it is when it was set back, from any stage', () => {
    for (const at of [10_000, 40_000, 70_000]) {
      const owner = new Owner(clock, wheels, 60_000);
      const { expiresAt } = owner.principal;
      clock.advance(at);
      clock.step(-at);
      clock.advance(89_000);
      expect(owner.log.filter((line) => line.includes('4401'))).toEqual([]);
      clock.advance(1_500);
      expect(owner.log.at(-1)).toBe(`${expiresAt + 25_000 - START}: 4401 drop`);
    }
  });
});
