import { parseRoomId, type RoomId } from '../admission/room-id.js';
import type { Message } from '../connection/message.js';
import type { Whereabouts } from '../connection/room-batch.js';
import type { GatewayPorts } from './dispatch.js';
import type { MessageContext } from './message-context.js';
import { Refresh } from './refresh.js';
import { RoomControl } from './room-control.js';

/** The events that roomgate itself answers. They bypass the inbox and Nest's pipeline, so that no interceptor or logger sees a token. */
export class Control {
  readonly #refresh: Refresh;
  readonly #rooms: RoomControl;

  constructor(ports: GatewayPorts) {
    this.#refresh = new Refresh(ports);
    this.#rooms = new RoomControl(ports);
  }

  /** False when the data is not what the event needs. */
  handle(context: MessageContext, { event, data }: Message): boolean {
    switch (event) {
      case 'auth.refresh':
        return accept(tokenOf(data), (token) => void this.#refresh.handle(context, token));
      case 'room.join':
        return accept(parseJoin(data), (join) => this.#rooms.join(context, join));
      case 'room.leave':
        return accept(parseRoom(data), (room) => this.#rooms.leave(context, room));
      case 'room.presence':
        return accept(parseRoom(data), (room) => this.#rooms.presence(context, room));
      default:
        return accept(parseHistory(data), (request) => this.#rooms.history(context, request));
    }
  }
}

function accept<T>(given: T | undefined, act: (given: T) => void): boolean {
  if (given !== undefined) act(given);
  return given !== undefined;
}

export interface JoinData {
  readonly room: RoomId;
  readonly since?: Whereabouts & { readonly connectionId?: string };
}

/** Without a room it is the one of the message, else of the URL. */
export interface RoomData {
  readonly room?: RoomId;
}

export interface HistoryData extends RoomData {
  readonly since?: Whereabouts;
  readonly limit?: number;
}

const MAX_LENGTH = 64;

/** The data of `auth.refresh`. */
export function tokenOf(data: unknown): string | undefined {
  const { token } = membersOf(data) ?? {};
  return typeof token === 'string' ? token : undefined;
}

/** The data of `room.join`: `{ room, position? }`. */
export function parseJoin(data: unknown): JoinData | undefined {
  const { room, position } = membersOf(data) ?? {};
  const id = parseRoomId(room);
  if (!id || position === undefined) return id && { room: id };
  const since = parsePosition(position);
  return since && { room: id, since };
}

/** The data of `room.leave` and `room.presence`: nothing, or `{ room? }`. */
export function parseRoom(data: unknown): RoomData | undefined {
  if (data === undefined) return {};
  const members = membersOf(data);
  if (!members || members['room'] === undefined) return members && {};
  const room = parseRoomId(members['room']);
  return room && { room };
}

/** The data of `room.history`: nothing, or `{ room?, since?, limit? }`. */
export function parseHistory(data: unknown): HistoryData | undefined {
  const room = parseRoom(data);
  const { since, limit } = membersOf(data) ?? {};
  const position = since === undefined ? undefined : parsePosition(since);
  const isLimit = limit === undefined || (Number.isSafeInteger(limit) && (limit as number) > 0);
  if (!room || !isLimit || (since !== undefined && !position)) return undefined;
  return { ...room, since: position, limit: limit as number | undefined };
}

/** `{ offset, epoch, connectionId? }`; an offset is a safe integer. */
function parsePosition(value: unknown): JoinData['since'] {
  const { offset, epoch, connectionId } = membersOf(value) ?? {};
  if (!Number.isSafeInteger(offset) || (offset as number) < 0 || !isShort(epoch)) return undefined;
  if (connectionId !== undefined && !isShort(connectionId)) return undefined;
  return { offset: offset as number, epoch, connectionId };
}

/** The same from the query of an upgrade request: `?offset=…&epoch=…&connectionId=…`. One that makes no sense is one that is not known. */
export function parsePositionQuery(query: string): JoinData['since'] {
  if (query === '') return undefined;
  const given = new URLSearchParams(query);
  const [offset, epoch] = [given.get('offset'), given.get('epoch')];
  if (offset === null && epoch === null) return undefined;
  const connectionId = given.get('connectionId') ?? undefined;
  const number = /^\d{1,16}$/.test(offset ?? '') ? Number(offset) : undefined;
  return parsePosition({ offset: number, epoch, connectionId }) ?? { offset: 0, epoch: '' };
}

function isShort(text: unknown): text is string {
  return typeof text === 'string' && text.length <= MAX_LENGTH;
}

function membersOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
