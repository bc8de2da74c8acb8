import type { Clock } from '../roomgate.clock.js';
import { RoomgateError } from '../roomgate.errors.js';
import { integer, MAX_TIMER_MS } from '../roomgate.rules.js';
import { ClusterNetwork } from './network/cluster-network.js';
import type { RedisArgument, RedisReply } from './network/connection.js';
import { dialerOf } from './network/dialer.js';
import { RedisKeys } from './keys.js';
import type { NetworkEvents, RedisNetwork } from './network/network.js';
import { reasonOf } from './network/reason.js';
import { REDIS_DEFAULTS, type RedisOptions } from './redis-options.js';
import { RoutedCalls } from './network/routed-calls.js';
import type { Script } from './scripts/script.js';
import { SingleNetwork } from './network/single-network.js';

/** Our own connections to the application's Redis, shared by all that is kept there: opened by the first, closed by the last. */
export class RedisStore {
  readonly keys: RedisKeys;
  readonly network: RedisNetwork;
  readonly #calls: RoutedCalls;
  readonly #listeners: NetworkEvents[] = [];
  /** Why it cannot be reached; undefined while it can, or nobody knows. */
  #reason: string | undefined;
  readonly #startTimeoutMs: number;
  #users = 0;
  #opened: Promise<void> | undefined;

  /** @throws RoomgateError `invalid_options` */
  constructor(
    options: RedisOptions,
    readonly clock: Clock,
    scripts: readonly Script[],
    private readonly warn: (line: string) => void = () => undefined,
  ) {
    const { client, namespace, connectTimeoutMs, replyTimeoutMs, startTimeoutMs } = {
      ...REDIS_DEFAULTS,
      ...options,
    };
    for (const [name, value] of Object.entries({
      connectTimeoutMs,
      replyTimeoutMs,
      startTimeoutMs,
    }))
      checkTimeout(name, value);
    this.keys = new RedisKeys(namespace);
    this.#startTimeoutMs = startTimeoutMs;
    const dialer = dialerOf(client, connectTimeoutMs);
    const failed = (error: unknown): void => this.#failed(reasonOf(error));
    const ports = { dialer, clock, scripts, connectTimeoutMs, replyTimeoutMs, failed };
    const Network = dialer.isCluster ? ClusterNetwork : SingleNetwork;
    this.network = new Network(ports, {
      // Each publication comes this way: nothing is made for it here.
      message: (link, channel, body) => {
        for (const events of this.#listeners) events.message(link, channel, body);
      },
      up: (link) => {
        if (this.#reason) this.warn('Redis can be reached again.');
        this.#reason = undefined;
        this.#tell((events) => events.up(link));
      },
      down: (link) => this.#tell((events) => events.down(link)),
      moved: (from) => {
        this.#calls.moved(from);
        this.#tell((events) => events.moved(from));
      },
    });
    this.#calls = new RoutedCalls(this.network, clock, replyTimeoutMs);
  }

  /** Tells of what happens from now on. */
  listen(events: NetworkEvents): void {
    this.#listeners.push(events);
  }

  /** @throws RoomgateError `engine_unavailable` when Redis cannot be reached in time. */
  async open(): Promise<void> {
    this.#users += 1;
    this.#opened ??= this.network.start();
    const opened = this.#opened.then(() => true);
    if (await this.clock.within(opened, this.#startTimeoutMs, false)) return;
    this.close();
    throw new RoomgateError(
      'engine_unavailable',
      `Redis could not be reached within ${this.#startTimeoutMs} ms (startTimeoutMs), or is no master: ${this.#reason ?? 'no answer'}.`,
    );
  }

  close(): void {
    this.#users -= 1;
    if (this.#users <= 0) this.network.stop();
  }

  /** @throws RoomgateError `engine_unavailable` */
  eval(
    script: Script,
    tag: string,
    keys: readonly string[],
    args: readonly RedisArgument[],
  ): Promise<RedisReply> {
    return this.#calls.eval(script, tag, keys, args);
  }

  /** Once, however long it lasts. */
  #failed(reason: string): void {
    if (!this.#reason) this.warn(`Redis cannot be reached: ${reason}.`);
    this.#reason = reason;
  }

  #tell(act: (events: NetworkEvents) => void): void {
    for (const events of this.#listeners) act(events);
  }
}

function checkTimeout(name: string, value: unknown): void {
  const expected = integer(1, MAX_TIMER_MS)(value);
  if (expected) throw new RoomgateError('invalid_options', `Expected "${name}" to be ${expected}.`);
}
