import { patience } from '../connection/outbox.js';
import { TimingWheel } from '../connection/timing-wheel.js';
import type { Clock } from '../core/clock.js';
import { RoomgateError } from '../core/errors.js';
import { isLater } from '../core/maybe-promise.js';
import {
  type EngineKey,
  type EngineSink,
  type HistoryLimits,
  type HistoryPage,
  type MaybePromise,
  type Position,
  type PresenceEntry,
  type PresencePage,
  type PublishOptions,
  type ReadRange,
  RoomEngine,
} from './engine/engine.js';

/**
 * An engine that answers in time: a call that takes longer than its deadline rejects with RoomgateError `engine_unavailable`, so an
 * engine that hangs holds up no caller for ever. Only `start` has no deadline here, because how long a boot may take is the engine's
 * own option (`startTimeoutMs` of Redis).
 */
export class TimelyEngine extends RoomEngine {
  /** A timer of Node for each publication would cost too much. */
  readonly #wheel: TimingWheel;

  constructor(
    private readonly engine: RoomEngine,
    private readonly clock: Clock,
    private readonly deadlineMs: number,
  ) {
    super();
    this.#wheel = new TimingWheel(clock);
  }

  override get isAvailable(): boolean {
    return this.engine.isAvailable;
  }

  override get unavailableReason(): string | undefined {
    return this.engine.unavailableReason;
  }

  override get isAlone(): boolean {
    return this.engine.isAlone;
  }

  start(sink: EngineSink): MaybePromise<void> {
    return this.engine.start(sink);
  }

  /** Longer than other calls: a burst of publications waits behind itself, and an engine that still answers is not gone. */
  publish(key: EngineKey, body: string | Buffer, options: PublishOptions): MaybePromise<Position> {
    const published = this.engine.publish(key, body, options);
    return this.#inTime('publish', published, patience(this.deadlineMs));
  }

  subscribe(key: EngineKey, history?: HistoryLimits): MaybePromise<Position> {
    return this.#inTime('subscribe', this.engine.subscribe(key, history));
  }

  unsubscribe(key: EngineKey): MaybePromise<void> {
    return this.#inTime('unsubscribe', this.engine.unsubscribe(key));
  }

  read(key: EngineKey, range: ReadRange): MaybePromise<HistoryPage> {
    return this.#inTime('read', this.engine.read(key, range));
  }

  override tell(key: EngineKey, body: string): MaybePromise<void> {
    return this.#inTime('tell', this.engine.tell(key, body));
  }

  enter(key: EngineKey, entry: PresenceEntry, ttlMs: number): MaybePromise<void> {
    return this.#inTime('enter', this.engine.enter(key, entry, ttlMs));
  }

  exit(key: EngineKey, connectionId: string): MaybePromise<void> {
    return this.#inTime('exit', this.engine.exit(key, connectionId));
  }

  renew(key: EngineKey, entries: readonly PresenceEntry[], ttlMs: number): MaybePromise<void> {
    return this.#inTime('renew', this.engine.renew(key, entries, ttlMs));
  }

  present(key: EngineKey, limit: number): MaybePromise<PresencePage> {
    return this.#inTime('present', this.engine.present(key, limit));
  }

  async stop(): Promise<void> {
    try {
      await this.#inTime('stop', this.engine.stop());
    } finally {
      this.#wheel.stop();
    }
  }

  #inTime<T>(call: string, answer: MaybePromise<T>, withinMs = this.deadlineMs): MaybePromise<T> {
    if (!isLater(answer)) return answer;
    const { clock } = this;
    const wheel = this.#wheel;
    return new Promise<T>((resolve, reject) => {
      const deadline = wheel.add(clock.elapsed() + withinMs, () => reject(late(call, withinMs)));
      answer.then(
        (value) => {
          wheel.cancel(deadline);
          resolve(value);
        },
        (error: unknown) => {
          wheel.cancel(deadline);
          reject(error as Error);
        },
      );
    });
  }
}

function late(call: string, withinMs: number): RoomgateError {
  return new RoomgateError(
    'engine_unavailable',
    `The engine did not answer "${call}" within ${withinMs} ms: whether it was done is unknown. Look at what the engine waits for, or raise verdictDeadlineMs.`,
  );
}
