import { RoomgateError } from '../core/errors.js';

declare const roomIdBrand: unique symbol;
declare const roomKeyBrand: unique symbol;

/** A UUID (RFC 9562) in lower case: one room, however it was spelled. */
export type RoomId = string & { readonly [roomIdBrand]: true };

/** A room as engines, indexes and limits see it: room name and id together, so that rooms of different gateways never mix. */
export type RoomKey = string & { readonly [roomKeyBrand]: true };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ROOM_NAME = /^[a-z][a-z0-9_-]{0,63}$/;

/** The canonical room id, or undefined when the text is not a UUID. */
export function parseRoomId(text: unknown): RoomId | undefined {
  if (typeof text !== 'string' || text.length !== 36) return undefined;
  const lower = text.toLowerCase();
  return UUID.test(lower) ? (lower as RoomId) : undefined;
}

/** @throws RoomgateError `invalid_room_id` when the text is not a UUID. */
export function toRoomId(text: string): RoomId {
  const id = parseRoomId(text);
  if (!id) throw new RoomgateError('invalid_room_id', 'Expected a room id to be a UUID.');
  return id;
}

export function isRoomName(text: unknown): text is string {
  return typeof text === 'string' && ROOM_NAME.test(text);
}

/** The one place where a room name and an id become a key. A name holds no slash, so no two pairs share a key. */
export function roomKey(roomName: string, id: RoomId): RoomKey {
  return `${roomName}/${id}` as RoomKey;
}

export function isRoomKey(text: unknown): text is RoomKey {
  if (typeof text !== 'string') return false;
  const [name, id] = splitRoomKey(text as RoomKey);
  return isRoomName(name) && parseRoomId(id) === id;
}

/** The other way. */
export function splitRoomKey(key: RoomKey): [roomName: string, id: RoomId] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1) as RoomId];
}
