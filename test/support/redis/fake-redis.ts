import type {
  ConnectionEvents,
  RedisAddress,
  RedisConnection,
  RedisDialer,
  RedisReply,
} from '../../../src/redis/network/connection.js';
import { SUBSCRIBED } from '../../../src/redis/scripts/room.js';

type Answer = RedisReply | Promise<RedisReply>;

const MASTER = Buffer.from('role:master\r\nmaster_replid:0000000000000000000000000000000000000000');

/** A connection that does at once what it is told, unless a test says otherwise. */
export class FakeConnection implements RedisConnection {
  isOpen = true;
  readonly channels = new Set<string>();

  constructor(
    private readonly redis: FakeRedis,
    readonly events: ConnectionEvents,
  ) {}

  async call(command: string, args: readonly (string | Buffer)[]): Promise<RedisReply> {
    const answer = await this.redis.answer(command, args.map(String), this);
    if (!this.isOpen) throw new Error('The connection has ended.');
    return answer;
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    this.redis.subscribed.push(...channels);
    for (const channel of channels) this.channels.add(channel);
    await this.redis.subscribing();
    if (!this.isOpen) throw new Error('The connection has ended.');
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    for (const channel of channels) this.channels.delete(channel);
  }

  async ping(): Promise<void> {
    if (!this.isOpen) throw new Error('The connection has ended.');
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.channels.clear();
    this.events.closed();
  }
}

/** A Redis in this process, as far as links and subscriptions see one. */
export class FakeRedis implements RedisDialer {
  readonly isCluster = false;
  readonly connections: FakeConnection[] = [];
  /** Channels that were subscribed, as often as they were. */
  readonly subscribed: string[] = [];
  /** Where every room is. */
  offset = 0;
  epoch = 'epoch';
  dialling = async (): Promise<void> => undefined;
  subscribing = async (): Promise<void> => undefined;

  /** What a test may take over. */
  answer = (command: string, args: readonly string[], _by: FakeConnection): Answer => {
    if (command === 'INFO') return MASTER;
    if (command === 'EVALSHA' && args[0] === SUBSCRIBED.sha)
      return [this.offset, Buffer.from(this.epoch)];
    return 0;
  };

  seeds(): readonly RedisAddress[] {
    return [];
  }

  async dial(events: ConnectionEvents, signal: AbortSignal): Promise<RedisConnection> {
    const connection = new FakeConnection(this, events);
    this.connections.push(connection);
    signal.addEventListener('abort', () => connection.close(), { once: true });
    await this.dialling();
    signal.throwIfAborted();
    return connection;
  }

  /** Channels that somebody listens to. */
  get channels(): string[] {
    return this.connections.flatMap(({ channels }) => [...channels]);
  }

  /** Ends all connections. */
  cut(): void {
    for (const connection of this.connections) connection.close();
  }
}

/** Everything that needs no time. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
