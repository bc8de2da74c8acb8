import type { DisconnectTarget } from '../admission/revocation.service.js';
import { isRoomKey, type RoomKey } from '../admission/room-id.js';
import type { ServerConnection } from '../connection/connection.js';
import type { Registry } from '../connection/registry.js';
import { CLOSE_CODES } from '../connection/system-messages.js';
import type { Clock } from '../core/clock.js';
import { RoomgateError } from '../core/errors.js';
import { mayFloat } from '../core/maybe-promise.js';
import { newUuid } from '../core/uuid.js';
import type { Authority, Reauthorized } from './authority.js';
import type { EngineKey, HistoryLimits, RoomEngine } from './engine/engine.js';
import type { Memberships } from './membership.js';

/**
 * Takes authority away on all nodes: here in the turn of the call, on the others when the engine has carried the order to them.
 * Each method resolves when the engine has accepted it, with what became of the connections of this node.
 * @throws RoomgateError `engine_unavailable` when that is unknown, and `invalid_data`; what was done here stays done.
 */
export class Orders {
  constructor(
    private readonly local: OrdersHere,
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

  #give<T>(order: Order, here: () => T | Promise<T>): Promise<T> {
    return mayFloat(this.#carryOut(order, here));
  }

  async #carryOut<T>(order: Order, here: () => T | Promise<T>): Promise<T> {
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

/** What orders do in this process. */
type OrdersHere = Pick<LocalOrders, keyof LocalOrders>;

/** Orders in a process without connections: there is nothing to do here. */
export const NO_CONNECTIONS: OrdersHere = {
  close: () => 0,
  disconnect: () => 0,
  reauthorize: async () => ({ kept: 0, left: 0 }),
};

/** Whose rights are asked for anew: the members of a room, or a principal's connections; without either, all there are. */
interface ReauthorizeTarget {
  readonly key?: RoomKey;
  readonly identity?: string;
}

/** What one node tells all others to do. An order takes away or asks again; there is none that grants. */
export type Order =
  | { readonly kind: 'close'; readonly key: RoomKey }
  | ({ readonly kind: 'disconnect' } & DisconnectTarget)
  | ({ readonly kind: 'reauthorize' } & ReauthorizeTarget);

/** An order as it came, and the node that it came from. */
export interface SentOrder {
  readonly from: string;
  readonly order: Order;
}

const VERSION = 1;
const MAX_TEXT_LENGTH = 256;
const MAX_BODY_LENGTH = 2_048;

/** The members that an order of each kind may have, in alphabetical order. */
const SHAPES: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['close', ['key']],
  ['disconnect', ['connectionId', 'identity', 'identity key', 'key']],
  ['reauthorize', ['', 'identity', 'key']],
]);

/** @throws RoomgateError `invalid_data` for a target that other nodes would not understand. */
export function encodeOrder(order: Order, from: string): string {
  if (!isOrder(order))
    throw new RoomgateError(
      'invalid_data',
      `An identity or a connection id is text of 1 to ${MAX_TEXT_LENGTH} characters.`,
    );
  return JSON.stringify({ version: VERSION, from, ...order });
}

/** An order with its publication id in one text, for engines to carry with a room. */
export function tellable(id: string, body: string): string {
  return `${id} ${body}`;
}

/** The id and the order of such a text. */
export function splitTold(text: string): { readonly id: string; readonly body: string } {
  const space = text.indexOf(' ');
  return { id: text.slice(0, space), body: text.slice(space + 1) };
}

/** Undefined for whatever is not exactly an order of this version. */
export function parseOrder(body: string | Buffer): SentOrder | undefined {
  if (typeof body !== 'string' || body.length > MAX_BODY_LENGTH) return undefined;
  const { version, from, ...order } = parseObject(body);
  return version === VERSION && isText(from) && isOrder(order) ? { from, order } : undefined;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isOrder(order: object): order is Order {
  const { kind, ...target } = order as Record<string, unknown>;
  const shape = Object.keys(target).toSorted().join(' ');
  if (!SHAPES.get(kind)?.includes(shape)) return false;
  return Object.entries(target).every(([name, value]) =>
    name === 'key' ? isRoomKey(value) : isText(value),
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_TEXT_LENGTH;
}

/** Orders travel as publications of a room that is nobody's: names of rooms begin with a letter. */
export const ORDERS_KEY: EngineKey = '~orders';

/** How many of them a node that was cut off may still read, and how late. */
export const ORDERS_HISTORY: HistoryLimits = { size: 1_000, ttlMs: 300_000, maxBytes: 1_048_576 };

/** Gives orders to all nodes but the one they come from. */
export class OrderSender {
  /** The name under which its orders go: the node that gives one has carried it out itself. */
  readonly from = newUuid();

  constructor(
    private readonly ports: {
      readonly engine: RoomEngine;
      readonly clock: Clock;
      readonly deadlineMs: number;
    },
  ) {}

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

/** What orders do to the connections of this node, whoever gave them, and to those at its door. */
export class LocalOrders {
  #everybody: Promise<Reauthorized> | undefined;
  #everybodyAgain: Promise<Reauthorized> | undefined;

  constructor(
    private readonly ports: {
      readonly registry: Registry;
      readonly memberships: Memberships;
      readonly authority: Authority;
    },
  ) {}

  /** Takes everybody out of a room; returns how many there were. */
  close(key: RoomKey): number {
    const members = this.#members(key);
    this.ports.authority.close(members, key);
    return members.length;
  }

  /** Closes open connections, however valid; returns how many. */
  disconnect(target: DisconnectTarget): number {
    if ('key' in target) this.ports.authority.generations.raise(target.key);
    const active = activeOf(this.#find(target));
    for (const connection of active) connection.end(CLOSE_CODES.signedOut, { drop: true });
    return active.length;
  }

  /** Asks the policies anew. */
  reauthorize({ key, identity }: ReauthorizeTarget): Promise<Reauthorized> {
    const { authority, registry } = this.ports;
    if (key !== undefined) return authority.reauthorize(activeOf(this.#members(key)), key);
    if (identity === undefined) return this.#reauthorizeAll();
    return authority.reauthorize(activeOf(registry.ofSubject(identity)));
  }

  /** One at a time: who asks while it is at work waits, with all others that do, for one that begins behind it. */
  #reauthorizeAll(): Promise<Reauthorized> {
    const { authority, registry } = this.ports;
    const begin = (): Promise<Reauthorized> => {
      this.#everybodyAgain = undefined;
      const asked = authority.reauthorize(activeOf(registry.all()));
      this.#everybody = asked.finally(() => (this.#everybody = undefined));
      return this.#everybody;
    };
    authority.generations.raise();
    if (!this.#everybody) return begin();
    return (this.#everybodyAgain ??= this.#everybody.then(begin, begin));
  }

  #members(key: RoomKey): readonly ServerConnection[] {
    return [...(this.ports.memberships.get(key)?.members.values() ?? [])];
  }

  #find(target: DisconnectTarget): Iterable<ServerConnection> {
    const { registry } = this.ports;
    if ('key' in target) {
      const { key, identity } = target;
      const isMeant = ({ principal }: ServerConnection): boolean =>
        identity === undefined || principal.identity === identity;
      return this.#members(key).filter(isMeant);
    }
    if ('identity' in target) return registry.ofSubject(target.identity);
    const connection = registry.get(target.connectionId);
    return connection ? [connection] : [];
  }
}

/** Those whose messages are still handled. */
function activeOf(connections: Iterable<ServerConnection>): readonly ServerConnection[] {
  return [...connections].filter(({ isActive }) => isActive);
}
