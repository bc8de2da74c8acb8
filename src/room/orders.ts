import type { DisconnectTarget } from '../admission/revocation.service.js';
import type { RoomKey } from '../admission/room-id.js';
import type { Reauthorized } from './authority.js';
import type { LocalOrders } from './local-orders.js';
import type { Order, ReauthorizeTarget } from './order.js';
import type { OrderSender } from './order-sender.js';

/**
 * Takes authority away on all nodes: here in the turn of the call, on the others when the engine has carried the order to them.
 * Each method resolves when the engine has accepted it, with what became of the connections of this node.
 * @throws RoomgateError `engine_unavailable` when that is unknown, and `invalid_data`; what was done here stays done.
 */
export class Orders {
  constructor(
    private readonly local: LocalOrders,
    private readonly sender: OrderSender,
  ) {}

  close(key: RoomKey): Promise<number> {
    return this.#give({ kind: 'close', key }, () => this.local.close(key));
  }

  disconnect(target: DisconnectTarget): Promise<number> {
    return this.#give({ kind: 'disconnect', ...target }, () => this.local.disconnect(target));
  }

  reauthorize(target: ReauthorizeTarget): Promise<Reauthorized> {
    return this.#give({ kind: 'reauthorize', ...target }, () => this.local.reauthorize(target));
  }

  async #give<T>(order: Order, here: () => T | Promise<T>): Promise<T> {
    // What others would not understand is not done here either.
    const body = this.sender.encode(order);
    const done = here();
    const told = this.sender.send(body, 'key' in order ? order.key : undefined);
    const [result] = await Promise.allSettled([done, told]);
    await told;
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  }
}
