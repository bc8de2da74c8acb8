import { jest } from '@jest/globals';
import { FakeClock } from 'nestjs-roomgate/testing';
import type { CloseRow } from '../../src/connection/system-messages.js';
import { Heartbeat, type HeartbeatOwner } from '../../src/connection/heartbeat.js';

const START = 1_800_000_000_000;
const RULES = {
  pingIntervalMs: 25_000,
  pongTimeoutMs: 10_000,
  messageTimeoutMs: 10_000,
};

/** A connection that writes down what happened to it and when, in milliseconds since the start. */
class Owner implements HeartbeatOwner {
  readonly log: string[] = [];
  place = -1;
  deadline = 0;
  heard = -1;
  isOpen = true;
  isPaused = false;
  received: number | undefined = 0;
  #unfinished: object | undefined;
  get unfinished(): object | undefined {
    return this.#unfinished;
  }

  set unfinished(message: object | undefined) {
    this.#unfinished = message;
  }

  /** Whether it answers pings. */
  isAlive = true;

  constructor(private readonly clock: FakeClock) {}

  ping(): void {
    this.#note('ping');
    if (this.isAlive && this.received !== undefined) this.received += 6;
  }

  end(row: CloseRow, options?: { drop?: boolean }): void {
    this.#note(`${row.code}${options?.drop ? ' drop' : ''}`);
    this.isOpen = false;
  }

  hangUp(): void {
    this.#note('hang up');
  }

  #note(what: string): void {
    this.log.push(`${this.clock.now() - START}: ${what}`);
  }

  /** When the entries of one kind were written. */
  at(what: string): number[] {
    return this.log
      .filter((line) => line.endsWith(`: ${what}`))
      .map((line) => Number(line.split(':', 1)[0]));
  }
}

describe('Heartbeat', () => {
  let clock: FakeClock;
  let heartbeat: Heartbeat;
  beforeEach(() => {
    clock = new FakeClock(START);
  });

  function beat(rules: Partial<typeof RULES> = {}): () => Owner {
    heartbeat = new Heartbeat(clock, { ...RULES, ...rules });
    return () => {
      const owner = new Owner(clock);
      heartbeat.begin(owner);
      heartbeat.follow(owner);
      return owner;
    };
  }

  it('pings every 25 seconds, without drifting, whoever answers', () => {
    const owner = beat()();
    clock.advance(100 * 25_000);
    const pings = owner.at('ping');
    expect(pings).toHaveLength(100);
    expect(pings[0]).toBeLessThanOrEqual(25_000);
    for (const [index, at] of pings.entries())
      expect(at).toBe((pings[0] as number) + index * 25_000);
    expect(owner.log).toHaveLength(100);
  });

  it('spreads the first pings over the interval', () => {
    const chances = Array.from({ length: 100 }, (_, n) => n / 100);
    heartbeat = new Heartbeat(clock, RULES, () => chances.shift() as number);
    const all = Array.from({ length: 100 }, () => new Owner(clock));
    for (const owner of all) heartbeat.begin(owner);
    clock.advance(25_000);
    const firsts = all.map((owner) => owner.at('ping'));
    expect(firsts).toEqual(all.map((_, n) => [1_000 * (1 + Math.floor(n / 4))]));
  });

  it('closes who does not answer within 10 seconds of the ping and 35 of its end, and hangs up', () => {
    const make = beat();
    for (let n = 0; n < 50; n++) {
      const owner = make();
      clock.advance(Math.floor(Math.random() * 60_000));
      owner.isAlive = false;
      const diedAt = clock.now() - START;
      clock.advance(35_000);
      const [closedAt] = owner.at('4408 drop') as [number];
      expect(closedAt - diedAt).toBeLessThanOrEqual(35_000);
      expect(closedAt - (owner.at('ping').at(-1) as number)).toBe(10_000);
      expect(owner.at('hang up')).toEqual([closedAt]);
      heartbeat.forget(owner);
    }
  });

  it('takes any byte for a sign of life', () => {
    const owner = beat()();
    owner.isAlive = false;
    for (let n = 0; n < 100; n++) {
      clock.advance(9_000);
      owner.received = (owner.received as number) + 1;
    }
    expect(owner.isOpen).toBe(true);
    expect(owner.at('ping').length).toBeGreaterThanOrEqual(35);
    clock.advance(35_000);
    expect(owner.isOpen).toBe(false);
  });

  it('lets the time for a pong stand still while the socket is paused', () => {
    const owner = beat()();
    owner.isAlive = false;
    while (owner.log.length === 0) clock.advance(250);
    clock.advance(4_000);
    owner.isPaused = true;
    clock.advance(600_000);
    owner.isPaused = false;
    clock.advance(5_750);
    expect(owner.isOpen).toBe(true);
    clock.advance(1_000);
    expect(owner.at('4408 drop')).toEqual([(owner.at('ping')[0] as number) + 610_000]);
  });

  it('judges nobody by time in which the process stood still', () => {
    const owner = beat()();
    owner.isAlive = false;
    while (owner.log.length === 0) clock.advance(250);
    clock.step(3_600_000);
    clock.advance(1_000);
    expect(owner.isOpen).toBe(true);
    owner.received = 6;
    clock.advance(24_000);
    expect(owner.isOpen).toBe(true);
  });

  it('goes on when the clock was set back', () => {
    const owner = beat()();
    clock.advance(100_000);
    clock.step(-3_600_000);
    const before = owner.at('ping').length;
    clock.advance(100_000);
    expect(owner.at('ping').length - before).toBeGreaterThanOrEqual(3);
  });

  it('pings nobody when that is switched off', () => {
    const owner = beat({ pingIntervalMs: 0 })();
    owner.isAlive = false;
    clock.advance(600_000);
    expect(owner.log).toEqual([]);
  });

  it('judges nobody whose socket does not count', () => {
    const owner = beat()();
    owner.received = undefined;
    clock.advance(100_000);
    expect(owner.at('ping')).toHaveLength(4);
    expect(owner.isOpen).toBe(true);
  });

  it('copes with a pong that may take longer than the next ping', () => {
    const owner = beat({ pingIntervalMs: 5_000, pongTimeoutMs: 12_000 })();
    clock.advance(60_000);
    expect(owner.isOpen).toBe(true);
    owner.isAlive = false;
    clock.advance(30_000);
    expect(owner.isOpen).toBe(false);
  });

  it.each([5_500, 6_500])(
    'closes with 1008 when a message that began after %d ms is not finished 10 to 14 seconds later',
    (beganAt) => {
      const owner = beat()();
      clock.advance(beganAt);
      owner.unfinished = [];
      clock.advance(10_000);
      expect(owner.isOpen).toBe(true);
      clock.advance(4_000);
      expect(owner.at('1008')).toHaveLength(1);
    },
  );

  it('looks for messages of nobody who has not said anything, or is gone', () => {
    const talking = beat()();
    const silent = new Owner(clock);
    heartbeat.begin(silent);
    const looks = [talking, silent].map((owner) => jest.spyOn(owner, 'unfinished', 'get'));
    clock.advance(16_000);
    expect(looks.map(({ mock }) => mock.calls.length)).toEqual([4, 0]);
    heartbeat.forget(talking);
    clock.advance(16_000);
    expect(looks[0]?.mock.calls).toHaveLength(4);
  });

  it('does not take one unfinished message after another for one', () => {
    const owner = beat()();
    for (let n = 0; n < 20; n++) {
      owner.unfinished = [];
      clock.advance(9_000);
    }
    expect(owner.isOpen).toBe(true);
  });

  it('gives a message its time anew after a pause', () => {
    const owner = beat()();
    owner.unfinished = [];
    clock.advance(9_000);
    owner.isPaused = true;
    clock.advance(60_000);
    owner.isPaused = false;
    clock.advance(9_000);
    expect(owner.isOpen).toBe(true);
    clock.advance(5_000);
    expect(owner.isOpen).toBe(false);
  });

  it('leaves alone who was closed for another reason', () => {
    const owner = beat()();
    owner.isOpen = false;
    clock.advance(100_000);
    expect(owner.log).toEqual([]);
  });

  it('holds one timer, and none when everybody is gone', () => {
    const make = beat();
    const all = [make(), make(), make()];
    expect([clock.pending, heartbeat.size]).toEqual([1, 3]);
    for (const owner of all) heartbeat.forget(owner);
    expect(heartbeat.size).toBe(0);
    clock.advance(1_000);
    expect(clock.pending).toBe(0);
    const owner = make();
    expect(clock.pending).toBe(1);
    clock.advance(25_000);
    expect(owner.log).toHaveLength(1);
  });

  it('stops', () => {
    const owner = beat()();
    heartbeat.stop();
    clock.advance(100_000);
    expect([owner.log, clock.pending]).toEqual([[], 0]);
  });

  it('makes one beat of a second although its timer is early', () => {
    const owner = beat({ pingIntervalMs: 2_000, pongTimeoutMs: 1_000 })();
    for (let second = 0; second < 100; second++) {
      // By the clock, which is behind, the timer that is set now will come a little before the second.
      clock.step(-1);
      clock.advance(1_000);
    }
    expect(owner.at('ping').length).toBeGreaterThan(48);
    expect(owner.at('ping').length).toBeLessThan(52);
  });
});
