import { isRoomKey, type RoomKey } from '../admission/room-id.js';
import type { DisconnectTarget } from '../admission/revocation.service.js';
import { RoomgateError } from '../core/errors.js';

/** Whose rights are asked for anew: the members of a room, or a principal's connections; without either, all there are. */
export interface ReauthorizeTarget {
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
