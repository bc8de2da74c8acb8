import { SLOTS } from '../../../src/redis/network/topology.js';
import type {
  ConnectionEvents,
  RedisAddress,
  RedisConnection,
  RedisDialer,
  RedisReply,
} from '../../../src/redis/network/connection.js';
import { FakeRedis } from './fake-redis.js';

const HOST = 'fake';

/** Two masters in this process, with a half of the slots each, and one slot between them that may move. */
export class FakeCluster implements RedisDialer {
  readonly isCluster = true;
  readonly masters = [new FakeRedis(), new FakeRedis()] as const;
  /** Which master has the slot that moves. */
  owner: 0 | 1 = 0;
  /** What each master says of who has what, as far as a test takes it over. */
  readonly slots: (() => RedisReply | Promise<RedisReply>)[] = [];

  constructor(private readonly slot: number) {
    for (const [index, master] of this.masters.entries()) {
      const { answer } = master;
      master.answer = (command, ...rest) => {
        if (command !== 'CLUSTER') return answer(command, ...rest);
        const { [index]: said } = this.slots;
        return said ? said() : this.#slots();
      };
      master.subscribing = async () => {
        if (this.owner !== index) throw this.moved();
      };
    }
  }

  /** A test may take it over. */
  seeds = (): readonly RedisAddress[] => [{ host: HOST, port: 0 }];

  dial(
    events: ConnectionEvents,
    signal: AbortSignal,
    address?: RedisAddress,
  ): Promise<RedisConnection> {
    return this.masters[address?.port as 0 | 1].dial(events, signal);
  }

  /** What a master answers that has not got the slot. */
  moved(): Error {
    return new Error(`MOVED ${this.slot} ${HOST}:${this.owner}`);
  }

  #slots(): RedisReply {
    const row = (first: number, last: number, port: number): RedisReply => [
      first,
      last,
      [Buffer.from(HOST), port],
    ];
    const { slot, owner } = this;
    return [row(0, slot - 1, 0), row(slot, slot, owner), row(slot + 1, SLOTS - 1, 1)];
  }
}
