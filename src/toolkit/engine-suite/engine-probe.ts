import type {
  EngineKey,
  HistoryLimits,
  HistoryPage,
  Position,
  PresenceChange,
  PresenceEntry,
  PresencePage,
  Publication,
  PublishOptions,
  ReadRange,
  RoomEngine,
} from '../../room/engine/engine.js';

/** An engine that is being tested, and what a test needs of its surroundings. */
export interface EngineUnderTest {
  /** Not started yet. */
  readonly engine: RoomEngine;
  /** Resolves when everything that was published so far has been delivered, and what deliveries have published too. */
  readonly settle: () => Promise<unknown>;
  /** Lets `ms` milliseconds pass. An engine whose clock cannot be set waits, at most three seconds in a test. */
  readonly advance: (ms: number) => unknown;
}

/** The functions of a test framework that the suite calls. Those of jest and vitest fit. */
export interface TestRunner {
  readonly describe: (title: string, tests: () => void) => unknown;
  readonly it: (title: string, test: () => Promise<void>) => unknown;
  readonly beforeEach: (hook: () => Promise<void>) => unknown;
  readonly afterEach: (hook: () => Promise<void>) => unknown;
  readonly expect: ((actual: unknown) => Matchers & { readonly not: Matchers }) & {
    any(type: unknown): unknown;
  };
}

interface Matchers {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
  toMatch(expected: RegExp): void;
  toMatchObject(expected: object): void;
}

export const A = 'orders/a';
export const B = 'orders/b';

/**
 * Small enough for engines that really have to wait. A slow machine makes each wait longer, never shorter. So a test
 * waits little beyond the TTL for what has to end, and leaves almost half of it for what has to last.
 */
export const TTL_MS = 600;

const LONG_MS = 60_000;

export const LIMITS: HistoryLimits = { size: 100, ttlMs: LONG_MS, maxBytes: 65_536 };

/** For the tests that wait for its end. */
export const BRIEF: HistoryLimits = { ...LIMITS, ttlMs: TTL_MS };

const ALL: ReadRange = { limit: 1_000, maxBytes: 1_048_576 };

/** A started engine for each test, and a record of what it gave to its sink. */
export class EngineProbe {
  delivered: (readonly [key: EngineKey, publication: Publication])[] = [];
  changes: (readonly [key: EngineKey, change: PresenceChange])[] = [];
  onDelivery: (key: EngineKey, publication: Publication) => void = () => undefined;
  #under!: EngineUnderTest;
  #lastId = 0;

  constructor(create: () => EngineUnderTest, { beforeEach, afterEach }: TestRunner) {
    beforeEach(async () => {
      this.#under = create();
      this.delivered = [];
      this.changes = [];
      this.onDelivery = () => undefined;
      await this.engine.start({
        deliver: (key, publication) => {
          this.delivered.push([key, publication]);
          this.onDelivery(key, publication);
        },
        interrupted: () => undefined,
        presence: (key, change) => void this.changes.push([key, change]),
      });
    });
    afterEach(async () => {
      await this.settle();
      await this.engine.stop();
    });
  }

  get engine(): RoomEngine {
    return this.#under.engine;
  }

  async settle(): Promise<void> {
    await this.#under.settle();
  }

  /** Lets everything arrive, then time pass. */
  async advance(ms: number): Promise<void> {
    await this.settle();
    await this.#under.advance(ms);
  }

  /** Publishes something that is not kept by default. */
  async publish(
    key: EngineKey,
    body: string | Buffer,
    options: Partial<PublishOptions> = {},
  ): Promise<Position> {
    return this.engine.publish(key, body, { publicationId: `p${++this.#lastId}`, ...options });
  }

  /** Publishes something that is kept. */
  keep(key: EngineKey, body: string | Buffer, history: HistoryLimits = LIMITS): Promise<Position> {
    return this.publish(key, body, { history });
  }

  /** What is kept, once all that is on its way has arrived; all of it by default. */
  async read(key: EngineKey, range: Partial<ReadRange> = {}): Promise<HistoryPage> {
    await this.settle();
    return this.engine.read(key, { ...ALL, ...range });
  }

  async readBodies(key: EngineKey, range: Partial<ReadRange> = {}): Promise<string[]> {
    const { publications } = await this.read(key, range);
    return publications.map(({ body }) => String(body));
  }

  async enter(key: EngineKey, entry: PresenceEntry, ttlMs = LONG_MS): Promise<void> {
    await this.engine.enter(key, entry, ttlMs);
  }

  async present(key: EngineKey, limit = 100): Promise<PresencePage> {
    await this.settle();
    return this.engine.present(key, limit);
  }

  /** The names of those who are present. */
  async names(key: EngineKey): Promise<string[]> {
    const { members } = await this.present(key);
    return members.map(({ memberId }) => memberId);
  }

  /** The changes of presence since the last call, as `joined name` and `left name`. */
  async told(key: EngineKey): Promise<string[]> {
    await this.settle();
    const own = this.changes.filter(([of]) => of === key);
    this.changes = this.changes.filter(([of]) => of !== key);
    return own.map(([, { kind, memberId }]) => `${kind} ${memberId}`);
  }

  bodies(key: EngineKey): string[] {
    return this.delivered.filter(([of]) => of === key).map(([, { body }]) => String(body));
  }

  offsets(key: EngineKey): number[] {
    return this.delivered.filter(([of]) => of === key).map(([, { offset }]) => offset);
  }
}
