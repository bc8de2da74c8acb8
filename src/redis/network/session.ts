import type { Clock } from '../../core/clock.js';
import type { Script } from '../scripts/script.js';
import type {
  RedisAddress,
  RedisArgument,
  RedisConnection,
  RedisDialer,
  RedisReply,
} from './connection.js';

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
  /** Told when a connection that was lost is open again without a failed attempt in between, with why it was lost. */
  readonly lost?: (reason: string) => void;
}

/** What Redis answers when nothing more is to be had from this connection: it is no master any more, say. */
const ENDS = /^(READONLY|LOADING|MASTERDOWN|NOREPLICAS|UNKILLABLE|BUSY)\b/;

const CALLS_LOST = 'the connection for commands was closed';
/** Redis gives no reason when it closes a connection. */
const FEED_LOST =
  'the connection for publications was closed; Redis does that to a node that reads too slowly (client-output-buffer-limit pubsub)';

/** Two connections to one process, for calls and for what is published: they live and end together. */
export class RedisSession {
  /** Resolves at the end. */
  readonly ended: Promise<void>;
  /** Why it has ended, in words for a log line; undefined when this node has closed it. */
  lostBy: string | undefined;
  #end: () => void = () => undefined;
  #isOpen = true;
  #connections: readonly RedisConnection[] = [];
  #cancelTimer = (): void => undefined;
  /** Of calls, and of what is published. */
  readonly #pulses: readonly [Pulse, Pulse] = [new Pulse(), new Pulse()];
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
    const message = (channel: string, body: Buffer): void => {
      session.#pulses[1].hasSign = true;
      if (session.#isOpen) ports.message(channel, body);
    };
    try {
      const dial = (lost: string): Promise<RedisConnection> => {
        const closed = (cause?: unknown): void => session.close(cause, lost);
        return dialer.dial({ message, closed }, attempt.signal, address);
      };
      const dials = Promise.all([dial(CALLS_LOST), dial(FEED_LOST)]);
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
      const reply = await calls.call(command, args);
      this.#pulses[0].hasSign = true;
      return reply;
    } catch (error) {
      this.#pulses[0].hasSign = true;
      if (error instanceof Error && ENDS.test(error.message)) this.close(error, 'Redis refuses');
      throw error;
    }
  }

  /** The connection that has subscribed. */
  get feed(): RedisConnection {
    return this.#connections[1] as RedisConnection;
  }

  /** `lost`: what has happened, unless it is closed because nobody needs it any more. */
  close(cause?: unknown, lost?: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#cause = cause;
    this.lostBy = lost && (cause instanceof Error ? `${lost} (${reasonOf(cause)})` : lost);
    this.#cancelTimer();
    for (const connection of this.#connections) connection.close();
    this.#end();
  }

  /** Has Redis learn the scripts, for the first time or after it has forgotten them. */
  async load(): Promise<void> {
    await Promise.all(this.ports.scripts.map(({ text }) => this.call('SCRIPT', ['LOAD', text])));
  }

  async #prepare(): Promise<void> {
    const infos = this.#connections.map((connection) => connection.call('INFO', ['replication']));
    const [masters] = await Promise.all([Promise.all(infos), this.load()]);
    const [here, there] = masters.map(masterIn);
    // While somebody takes over the two may have been led to two processes: one would never hear what the other does.
    if (!here || here !== there) throw new Error('Redis is no master here, or two.');
    if (!this.#isOpen) this.#refuse();
  }

  #refuse(): never {
    throw this.#cause instanceof Error ? this.#cause : new Error('The connection has ended.');
  }

  /** A Redis that is silently gone answers nothing: each connection is asked again and again. Whatever comes is a sign of life. */
  #watch(isSure = false): void {
    const { clock, replyTimeoutMs } = this.ports;
    if (!this.#isOpen) return;
    if (this.#pulses.some(({ isAsked, hasSign }) => isAsked && !hasSign)) {
      // While this process was busy it has read nothing: what has come is read before the next turn.
      if (!isSure) return void setImmediate(() => this.#watch(true));
      return this.close(undefined, `no answer within ${replyTimeoutMs} ms`);
    }
    for (const [index, connection] of this.#connections.entries()) {
      const pulse = this.#pulses[index] as Pulse;
      pulse.hasSign = false;
      // One question is enough, however late it is answered behind others.
      if (pulse.isAsked) continue;
      pulse.isAsked = true;
      connection.ping().then(
        () => {
          pulse.isAsked = false;
        },
        () => this.close(),
      );
    }
    this.#cancelTimer = clock.setTimer(() => this.#watch(), replyTimeoutMs);
  }
}

/** What is known of the life of one connection since it was last looked at. */
class Pulse {
  /** Whether an answer to a ping is awaited. */
  isAsked = false;
  hasSign = false;
}

/** Whose history of writes it is; undefined for what is no master. */
function masterIn(info: RedisReply): string | undefined {
  const text = String(info);
  return text.includes('role:master') ? /^master_replid:(\w+)/m.exec(text)?.[1] : undefined;
}

/** The first words of Redis's own errors. Another word in a message may be anything, such as a part of a password. */
const REPLIES =
  /^(ERR|OOM|MISCONF|NOPERM|NOAUTH|WRONGPASS|WRONGTYPE|READONLY|NOREPLICAS|MASTERDOWN|LOADING|BUSY|UNKILLABLE|NOSCRIPT|EXECABORT|CLUSTERDOWN|MOVED|ASK|TRYAGAIN|CROSSSLOT)(?= )/;

/**
 * Why Redis could not be used, in one word that no client can choose: an error code of Redis (`NOAUTH`), of the system
 * (`ECONNREFUSED`), or of TLS (`DEPTH_ZERO_SELF_SIGNED_CERT`). Without a code it is the name of the error.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code } = error as { code?: unknown };
  const word = REPLIES.exec(error.message)?.[0] ?? code;
  if (typeof word === 'string' && /^[A-Z_]{3,64}$/.test(word)) return word;
  return /^[A-Za-z]{1,64}$/.test(error.name) ? error.name : 'Error';
}

/** Whether Redis has answered it: what was asked for was not done, or not all of it. Anything else leaves that unknown. */
export function isReply(error: unknown): error is Error {
  return error instanceof Error && /^[A-Z]{2,24} /.test(error.message);
}
