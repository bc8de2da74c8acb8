import { randomUUID } from 'node:crypto';
import {
  type RoomAccess,
  RoomGateway,
  RoomgateModule,
  RoomPolicy,
  RoomService,
} from 'nestjs-roomgate';
import { RedisEngine, RoomgateRedisModule } from 'nestjs-roomgate/redis';
import { type RoomgateTestbed, TestIssuer } from 'nestjs-roomgate/testing';
import { systemTestbed } from '../system-testbed.js';
import type { AppClient } from './clients.js';

/** Everybody may enter but those who are named here. */
export class BanPolicy extends RoomPolicy {
  static readonly banned = new Set<string>();

  join({ principal }: RoomAccess): boolean {
    return !BanPolicy.banned.has(principal.subject);
  }
}

@RoomGateway('/kept/:room', { rooms: 'kept', policy: BanPolicy })
class KeptGateway {}

@RoomGateway('/bare/:room', { rooms: 'bare' })
class BareGateway {}

/** Rooms with a history, and rooms without one. */
export const ROOM_NAMES = ['kept', 'bare'] as const;
export type RoomName = (typeof ROOM_NAMES)[number];

/** Short, so that a test has not to wait long until somebody notices. */
const TIMEOUTS = { connectTimeoutMs: 600, replyTimeoutMs: 600 };

/** Several nodes of one application, in one process but each with its own connections to Redis. */
export class RoomNodes {
  readonly issuer = new TestIssuer();
  readonly namespace = `test-${randomUUID()}`;
  readonly nodes: RoomgateTestbed[] = [];
  isClosed = false;
  readonly #clients: AppClient[] = [];

  /** A node for each client. */
  static async start(clients: readonly AppClient[]): Promise<RoomNodes> {
    const nodes = new RoomNodes();
    for (const client of clients) await nodes.add(client);
    return nodes;
  }

  async add(client: AppClient, startTimeoutMs?: number): Promise<RoomgateTestbed> {
    this.#clients.push(client);
    const { issuer, namespace } = this;
    await client.ready;
    const testbed = await systemTestbed(
      {
        imports: [
          RoomgateRedisModule.forRoot({
            client: client.client as never,
            namespace,
            ...TIMEOUTS,
            ...(startTimeoutMs && { startTimeoutMs }),
          }),
          RoomgateModule.forRoot({
            issuers: [issuer.options],
            engine: RedisEngine,
            presenceRefreshMs: 1_000,
            presenceTtlMs: 2_000,
            rooms: { kept: { history: { size: 2_000, ttlMs: 60_000 }, presence: true } },
          }),
        ],
        providers: [BanPolicy, KeptGateway, BareGateway],
      },
      issuer,
    );
    this.nodes.push(testbed);
    return testbed;
  }

  rooms(node: number): RoomService {
    return (this.nodes[node] as RoomgateTestbed).get(RoomService);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all(this.nodes.map((testbed) => testbed.close()));
    for (const client of this.#clients) client.close();
  }
}
