import type { Clock } from '../../roomgate.clock.js';
import type {
  RedisAddress,
  RedisConnection,
  RedisDialer,
  RedisReply,
  RedisArgument,
} from './connection.js';
import type { Script } from '../scripts/script.js';

export interface SessionPorts {
  readonly dialer: RedisDialer;
  readonly clock: Clock;
  /** What is loaded before anything is called. */
  readonly scripts: readonly Script[];
  /** Milliseconds that opening may take. */
  readonly connectTimeoutMs: number;
  /** Milliseconds after which Redis is taken for gone when it does not answer. */
  readonly replyTimeoutMs: number;
  readonly message: (channel: string, body: Buffer) => void;
  /** Told of each attempt to open one that came to nothing. */
  readonly failed?: (error: unknown) => void;
}

/** What Redis answers when nothing more is to be had from this connection: it is no master any more, or has forgotten the scripts. */
const ENDS = /^(READONLY|LOADING|MASTERDOWN|NOSCRIPT|NOREPLICAS|UNKILLABLE|BUSY)\b/;

/** Two connections to one process, for calls and for what is published: they live and end together. */
export class RedisSession {
  /** Resolves at the end. */
  readonly ended: Promise<void>;
  #end: () => void = () => undefined;
  #isOpen = true;
  #connections: readonly RedisConnection[] = [];
  #cancelTimer = (): void => undefined;
  #unanswered = 0;
  #cause: unknown;

  private constructor(private readonly ports: SessionPorts) {
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** Rejects when it takes too long, or the process is no master. */
  static async open(ports: SessionPorts, address?: RedisAddress): Promise<RedisSession> {
    const session = new RedisSession(ports);
    const { dialer, clock, connectTimeoutMs } = ports;
    const attempt = new AbortController();
    const cancel = clock.setTimer(() => {
      attempt.abort();
      session.close();
    }, connectTimeoutMs);
    const events = {
      message: (channel: string, body: Buffer): void => {
        if (session.#isOpen) ports.message(channel, body);
      },
      closed: (cause?: unknown) => session.close(cause),
    };
    try {
      const dial = (): Promise<RedisConnection> => dialer.dial(events, attempt.signal, address);
      const dials = Promise.all([dial(), dial()]);
      // Whatever a client does, and be it nothing.
      session.#connections = await Promise.race([
        dials,
        session.ended.then(() => session.#refuse()),
      ]);
      await session.#prepare();
    } catch (error) {
      attempt.abort();
      session.close();
      throw error;
    } finally {
      cancel();
    }
    session.#watch();
    return session;
  }

  async call(command: string, args: readonly RedisArgument[]): Promise<RedisReply> {
    const [calls] = this.#connections;
    if (!calls || !this.#isOpen) return this.#refuse();
    try {
      return await calls.call(command, args);
    } catch (error) {
      if (error instanceof Error && ENDS.test(error.message)) this.close();
      throw error;
    }
  }

  /** The connection that has subscribed. */
  get feed(): RedisConnection {
    return this.#connections[1] as RedisConnection;
  }

  close(cause?: unknown): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#cause = cause;
    this.#cancelTimer();
    for (const connection of this.#connections) connection.close();
    this.#end();
  }

  async #prepare(): Promise<void> {
    const loaded = this.ports.scripts.map(({ text }) => this.call('SCRIPT', ['LOAD', text]));
    const infos = this.#connections.map((connection) => connection.call('INFO', ['replication']));
    const [masters] = await Promise.all([Promise.all(infos), ...loaded]);
    const [here, there] = masters.map(masterIn);
    // While somebody takes over the two may have been led to two processes: one would never hear what the other does.
    if (!here || here !== there) throw new Error('Redis is no master here, or two.');
    if (!this.#isOpen) this.#refuse();
  }

  #refuse(): never {
    throw this.#cause instanceof Error ? this.#cause : new Error('The connection has ended.');
  }

  /** Who is silently gone answers nothing: each connection is asked again and again. */
  #watch(): void {
    const { clock, replyTimeoutMs } = this.ports;
    if (!this.#isOpen) return;
    if (this.#unanswered > 0) return this.close();
    for (const connection of this.#connections) {
      this.#unanswered += 1;
      const answered = (): unknown => (this.#unanswered -= 1);
      connection.ping().then(answered, () => this.close());
    }
    this.#cancelTimer = clock.setTimer(() => this.#watch(), replyTimeoutMs);
  }
}

/** Whose history of writes it is; undefined for what is no master. */
function masterIn(info: RedisReply): string | undefined {
  const text = String(info);
  return text.includes('role:master') ? /^master_replid:(\w+)/m.exec(text)?.[1] : undefined;
}
