import { type Chance, systemChance } from '../../core/chance.js';
import { RoomgateError } from '../../core/errors.js';
import type { Script } from '../scripts/script.js';
import type { RedisAddress, RedisArgument, RedisReply } from './connection.js';
import { isReply, reasonOf, RedisSession, type SessionPorts } from './session.js';

/** One that ends before is as good as none: whoever comes at once again meets the same end. */
const STEADY_MS = 1_000;

export interface LinkEvents {
  message(link: RedisLink, channel: string, body: Buffer): void;
  /** The link can be used, for the first time or again: what was subscribed by it is not any more. */
  up(link: RedisLink): void;
  down(link: RedisLink): void;
  /** What was asked of it has another owner now. */
  refused?(): void;
}

/** The way to one process of Redis: opened again whenever it ends, never in a hurry, with nothing sent a second time. */
export class RedisLink {
  #session: RedisSession | undefined;
  #isStopped = false;
  #cancelWait = (): void => undefined;
  #loading: Promise<void> | undefined;
  /** What is asked of each channel, one after the other: clients mix up what overtakes. */
  readonly #channels = new Map<string, Promise<void>>();

  constructor(
    private readonly ports: Omit<SessionPorts, 'message'>,
    private readonly events: LinkEvents,
    readonly address?: RedisAddress,
  ) {}

  get isUp(): boolean {
    return this.#session !== undefined;
  }

  /** Keeps it open until it is stopped. */
  async run(): Promise<void> {
    const { events, ports } = this;
    const message: SessionPorts['message'] = (channel, body) => events.message(this, channel, body);
    let lost: string | undefined;
    for (let failures = 0; !this.#isStopped; failures += 1) {
      const opened = RedisSession.open({ ...ports, message }, this.address);
      const session = await opened.catch((error: unknown) => {
        // What is told of an attempt that has failed says more.
        lost = undefined;
        ports.failed?.(error);
      });
      if (session && !this.#isStopped) {
        if (lost) ports.lost?.(lost);
        const since = ports.clock.elapsed();
        this.#session = session;
        events.up(this);
        await session.ended;
        lost = session.lostBy;
        if (ports.clock.elapsed() - since >= STEADY_MS) failures = 0;
        this.#session = undefined;
        this.#channels.clear();
        events.down(this);
      }
      session?.close();
      if (!this.#isStopped) await this.#wait(backoff(failures));
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelWait();
    this.#session?.close();
  }

  /** @throws RoomgateError `engine_unavailable`: the outcome is unknown, unless `cause` says that Redis refused. */
  async call(command: string, args: readonly RedisArgument[]): Promise<RedisReply> {
    try {
      return await this.#open().call(command, args);
    } catch (error) {
      throw this.#unavailable(error);
    }
  }

  eval(
    { sha }: Script,
    keys: readonly string[],
    args: readonly RedisArgument[],
  ): Promise<RedisReply> {
    return this.call('EVALSHA', [sha, String(keys.length), ...keys, ...args]);
  }

  /** The same for what need not keep its order among others: when Redis has forgotten the script it is taught, and asked again. */
  async ask(...asked: Parameters<RedisLink['eval']>): Promise<RedisReply> {
    try {
      return await this.eval(...asked);
    } catch (error) {
      if (!isForgotten((error as Error).cause)) throw error;
      await this.load();
      return this.eval(...asked);
    }
  }

  /** Has Redis learn the scripts that it has forgotten; once for all who ask at the same time. */
  load(): Promise<void> {
    this.#loading ??= this.#open()
      .load()
      .catch((error: unknown) => {
        throw this.#unavailable(error);
      })
      .finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  subscribe(channel: string): Promise<void> {
    return this.#inTurn(channel, ({ feed }) => feed.subscribe([channel]));
  }

  unsubscribe(channel: string): Promise<void> {
    return this.#inTurn(channel, ({ feed }) => feed.unsubscribe([channel]));
  }

  /** What this process had published before has been told when it resolves. */
  async fence(): Promise<void> {
    await this.#open().feed.ping();
  }

  async #inTurn(channel: string, act: (session: RedisSession) => Promise<void>): Promise<void> {
    const session = this.#open();
    const before = this.#channels.get(channel);
    const done = before ? before.then(() => act(session)) : act(session);
    const settled = done.catch(() => undefined);
    this.#channels.set(channel, settled);
    await done.catch((error: unknown) => {
      throw this.#unavailable(error);
    });
    if (this.#channels.get(channel) === settled) this.#channels.delete(channel);
  }

  #unavailable(error: unknown): RoomgateError {
    if (isMoved(error)) this.events.refused?.();
    return unavailable(error);
  }

  #open(): RedisSession {
    if (!this.#session) throw unavailable();
    return this.#session;
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.ports.clock.setTimer(resolve, delayMs);
      this.#cancelWait = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** Whether another process of the cluster has to be asked: this one has done nothing. */
export function isMoved(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('MOVED ');
}

/** Whether Redis has forgotten the script, as after SCRIPT FLUSH: it has done nothing. */
export function isForgotten(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT ');
}

/** The outcome is unknown, unless Redis has answered that it refuses. */
export function unavailable(cause?: unknown): RoomgateError {
  const message = isReply(cause)
    ? `Redis has refused (${reasonOf(cause)}): it was not done.`
    : 'Redis cannot be reached: whether it was done is unknown.';
  return new RoomgateError('engine_unavailable', message, { cause });
}

const FIRST_MS = 50;
/** Short: nobody waits long for a Redis that is back, and one attempt costs little. */
const MAX_MS = 400;

/** Milliseconds to wait before the next attempt: twice as long each time, and a random half of it, so that nodes come one by one. */
export function backoff(failures: number, chance: Chance = systemChance): number {
  const most = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(failures, 10));
  return most / 2 + (chance() * most) / 2;
}
