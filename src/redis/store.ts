import type { Clock } from '../core/clock.js';
import { RoomgateError } from '../core/errors.js';
import { integer, MAX_TIMER_MS, refuseUnknown } from '../core/option-rules.js';
import {
  ClusterNetwork,
  type NetworkEvents,
  type RedisNetwork,
  SingleNetwork,
} from './network/topology.js';
import type { RedisArgument, RedisReply } from './network/connection.js';
import { dialerOf } from './network/dialer.js';
import { RedisKeys } from './keys.js';
import { isReply, reasonOf } from './network/session.js';
import { REDIS_DEFAULTS, type RedisOptions } from './redis-options.js';
import { RoutedCalls } from './network/routed-calls.js';
import { PROBE } from './scripts/presence.js';
import type { Script } from './scripts/script.js';
import { TroubleLog } from './trouble-log.js';

/** What Redis answers when it writes nothing for anybody, or not for this user. */
const REFUSALS =
  /^(OOM|MISCONF|NOPERM|NOAUTH|READONLY|NOREPLICAS|CLUSTERDOWN|LOADING|MASTERDOWN)\b|can't run this command/;
const PROBE_MS = 1_000;
const QUIET_MS = 10_000;

/** Our own connections to the application's Redis, shared by all that is kept there: opened by the first, closed by the last. */
export class RedisStore {
  readonly keys: RedisKeys;
  readonly network: RedisNetwork;
  readonly #calls: RoutedCalls;
  readonly #listeners: NetworkEvents[] = [];
  readonly #reaching: TroubleLog;
  readonly #writing: TroubleLog;
  readonly #startTimeoutMs: number;
  /** When Redis was last out of reach, or has refused; never yet. */
  #troubledAt = -Infinity;
  #wasDown = false;
  #quietUntil = -Infinity;
  #cancelProbe = (): void => undefined;
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
    refuseUnknown(options, ['client', 'namespace', ...Object.keys(REDIS_DEFAULTS)], 'option');
    for (const [name, value] of Object.entries({
      connectTimeoutMs,
      replyTimeoutMs,
      startTimeoutMs,
    }))
      checkTimeout(name, value);
    this.keys = new RedisKeys(namespace);
    this.#startTimeoutMs = startTimeoutMs;
    const dialer = dialerOf(client, connectTimeoutMs);
    this.#reaching = new TroubleLog(
      clock,
      warn,
      (reason) => `Redis cannot be reached: ${reason}.`,
      'Redis can be reached again.',
    );
    this.#writing = new TroubleLog(
      clock,
      warn,
      (reason) => `Redis refuses to write: ${reason}.`,
      'Redis writes again.',
    );
    const failed = (error: unknown): void => this.#reaching.begin(reasonOf(error));
    const lost = (reason: string): void => this.#lost(reason);
    const ports = { dialer, clock, scripts, connectTimeoutMs, replyTimeoutMs, failed, lost };
    const Network = dialer.isCluster ? ClusterNetwork : SingleNetwork;
    this.network = new Network(ports, {
      // Each publication comes this way: nothing is made for it here.
      message: (link, channel, body) => {
        for (const events of this.#listeners) events.message(link, channel, body);
      },
      up: (link) => {
        this.#reaching.end();
        if (this.#wasDown) this.#troubledAt = this.clock.elapsed();
        this.#tell((events) => events.up(link));
      },
      down: (link) => {
        this.#wasDown = true;
        this.#troubledAt = this.clock.elapsed();
        this.#tell((events) => events.down(link));
      },
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

  /** @throws RoomgateError `engine_unavailable` when Redis cannot be reached in time; a part of a cluster is enough. */
  async open(): Promise<void> {
    this.#users += 1;
    this.#opened ??= this.network.start();
    const opened = this.#opened.then(() => true);
    if (await this.clock.within(opened, this.#startTimeoutMs, false)) return;
    if (this.network.isUpInPart) {
      this.warn(
        `Redis Cluster can only be reached in part (${this.#unreachedReason}): this node starts degraded. Rooms on the other masters cannot be joined.`,
      );
      return;
    }
    this.close();
    throw new RoomgateError(
      'engine_unavailable',
      `Redis could not be reached within ${this.#startTimeoutMs} ms (startTimeoutMs), or is no master: ${this.#unreachedReason}.`,
    );
  }

  close(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#cancelProbe();
    this.#reaching.stop();
    this.#writing.stop();
    this.network.stop();
  }

  /** Why Redis cannot be used: the code of an error; undefined while it can. */
  get unavailableReason(): string | undefined {
    return this.network.isUp ? this.#writing.reason : this.#unreachedReason;
  }

  get #unreachedReason(): string {
    return this.#reaching.reason ?? 'no answer';
  }

  /** Milliseconds since Redis could not be reached, or has refused something. */
  get steadyMs(): number {
    return this.#writing.reason !== undefined ? 0 : this.clock.elapsed() - this.#troubledAt;
  }

  /** @throws RoomgateError `engine_unavailable` */
  eval(
    script: Script,
    tag: string,
    keys: readonly string[],
    args: readonly RedisArgument[],
  ): Promise<RedisReply> {
    const reply = this.#calls.eval(script, tag, keys, args);
    reply.catch((error: Error) => this.troubled(error, tag));
    return reply;
  }

  /** Redis is out of reach, or there but writes nothing: its memory is full, its disk is, or it does not allow it. */
  troubled({ cause }: Error, tag: string): void {
    const isRefused = cause instanceof Error && REFUSALS.test(cause.message);
    // What else Redis answers is about one key.
    if (!isRefused && isReply(cause)) return;
    this.#troubledAt = this.clock.elapsed();
    if (!isRefused) return;
    this.#writing.begin(reasonOf(cause));
    this.#probeLater(tag);
  }

  #probeLater(tag: string): void {
    this.#cancelProbe();
    if (this.#users > 0)
      this.#cancelProbe = this.clock.setTimer(() => void this.#probe(tag), PROBE_MS);
  }

  async #probe(tag: string): Promise<void> {
    try {
      await this.eval(PROBE, tag, [`{${tag}}present`], []);
      this.#troubledAt = this.clock.elapsed();
      this.#writing.end();
    } catch {
      this.#probeLater(tag);
    }
  }

  /** Whatever cuts it off again and again must not fill the log. */
  #lost(reason: string): void {
    const now = this.clock.elapsed();
    if (now < this.#quietUntil) return;
    this.#quietUntil = now + QUIET_MS;
    this.warn(`The connection to Redis was lost and is open again: ${reason}.`);
  }

  #tell(act: (events: NetworkEvents) => void): void {
    for (const events of this.#listeners) act(events);
  }
}

function checkTimeout(name: string, value: unknown): void {
  const expected = integer(1, MAX_TIMER_MS)(value);
  if (expected) throw new RoomgateError('invalid_options', `Expected "${name}" to be ${expected}.`);
}
