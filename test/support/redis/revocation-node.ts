import type { Principal } from '../../../src/admission/principal.js';
import { type Revocation } from '../../../src/admission/revocation.js';
import { Revocations } from '../../../src/admission/revocations.js';
import { RedisRevocationStore } from '../../../src/redis/revocations/redis-revocation-store.service.js';
import { SCRIPTS } from '../../../src/redis/scripts/index.js';
import { RedisStore } from '../../../src/redis/store.js';
import type { RedisClientLike } from '../../../src/redis/network/dialer.js';
import { type Clock, SystemClock } from '../../../src/core/clock.js';
import { RevocationService } from '../../../src/admission/revocation.service.js';
import { type AppClient, type ClientKind, IOREDIS } from './clients.js';

const RULES = { maxTokenLifeMs: 3_600_000, clockToleranceMs: 5_000 };

export interface RevocationNodeOptions {
  readonly kind?: ClientKind;
  readonly clock?: Clock;
  readonly strict?: boolean;
  readonly maxTokenLifeMs?: number;
  readonly clockToleranceMs?: number;
}

/** What a node has to do with revocations: its service, over a store in Redis, and what is refused at its door. */
export class RevocationNode {
  readonly told: Revocation[] = [];
  readonly store: RedisRevocationStore;
  readonly service: RevocationService;
  readonly #revocations: Revocations;
  readonly #app: AppClient;

  constructor(port: number | readonly number[], options: RevocationNodeOptions = {}) {
    const { kind = IOREDIS, strict = false, clock = new SystemClock() } = options;
    const rules = { ...RULES, strict, ...options };
    const app = typeof port === 'number' ? kind.single(port) : kind.cluster(port);
    this.#app = app;
    const redis = new RedisStore(
      { client: app.client as RedisClientLike, namespace: 'test' },
      new SystemClock(),
      SCRIPTS,
    );
    this.store = new RedisRevocationStore(redis, clock, rules);
    this.#revocations = new Revocations(clock, rules);
    this.service = new RevocationService({
      clock,
      store: this.store,
      revocations: this.#revocations,
      maxAuthorityStalenessMs: 30_000,
      onlyIssuer: 'https://a.test',
      disconnect: () => Promise.resolve(0),
      kick: (revocation) => void this.told.push(revocation),
    });
  }

  static async start(
    port: number | readonly number[],
    options?: RevocationNodeOptions,
  ): Promise<RevocationNode> {
    const node = new RevocationNode(port, options);
    try {
      if (typeof port !== 'number') await node.#app.ready;
      await node.service.start();
      return node;
    } catch (error) {
      await node.stop();
      throw error;
    }
  }

  /** Whether the principal is refused at the door. */
  refuses(principal: Principal): boolean {
    return this.#revocations.covers(principal);
  }

  async stop(): Promise<void> {
    await this.service.stop();
    this.#app.close();
  }
}
