import type { RoomKey } from '../admission/room-id.js';
import type { Clock } from '../core/clock.js';
import { RoomgateError } from '../core/errors.js';
import { newUuid } from '../core/uuid.js';
import type { EngineKey, RoomEngine } from './engine/engine.js';
import type { HistoryLimits } from './engine/publication.js';
import { encodeOrder, type Order, tellable } from './order.js';

/** Orders travel as publications of a room that is nobody's: names of rooms begin with a letter. */
export const ORDERS_KEY: EngineKey = '~orders';

/** How many of them a node that was cut off may still read, and how late. */
export const ORDERS_HISTORY: HistoryLimits = { size: 1_000, ttlMs: 300_000, maxBytes: 1_048_576 };

export interface OrderSenderPorts {
  readonly engine: RoomEngine;
  readonly clock: Clock;
  readonly deadlineMs: number;
}

/** Gives orders to all nodes but the one they come from. */
export class OrderSender {
  /** The name under which its orders go: the node that gives one has carried it out itself. */
  readonly from = newUuid();

  constructor(private readonly ports: OrderSenderPorts) {}

  /** @throws RoomgateError `invalid_data` */
  encode(order: Order): string {
    return encodeOrder(order, this.from);
  }

  /**
   * Resolves when the engine has accepted the order. An order about one room (`key`) is carried with that room when what carries
   * orders is out of reach: in a cluster another master may have it. Nodes obey it once, by its id, when it reaches them both ways.
   * @throws RoomgateError `engine_unavailable` when that is unknown.
   */
  async send(body: string, key?: RoomKey): Promise<void> {
    const { engine, clock, deadlineMs } = this.ports;
    if (engine.isAlone) return;
    const publicationId = newUuid();
    const options = { publicationId, history: ORDERS_HISTORY };
    let cause: unknown;
    try {
      const accepted = engine.publish(ORDERS_KEY, body, options);
      if (await clock.within(accepted, deadlineMs, undefined)) return;
    } catch (error) {
      cause = error;
    }
    try {
      if (key !== undefined) return await engine.tell(key, tellable(publicationId, body));
    } catch {
      // The first failure says more.
    }
    throw new RoomgateError(
      'engine_unavailable',
      'The engine did not accept an order: whether it reaches other nodes is unknown.',
      { cause },
    );
  }
}
