import type { RoomId } from '../admission/room-id.js';
import type { RoomConnection } from '../connection/connection.js';
import type { Message } from '../connection/message.js';
import type { MessageContext } from './message-context.js';
import { Refresh, type RefreshPorts } from './refresh.js';
import { RoomControl, type RoomControlPorts } from './room-control.js';
import { parseHistory, parseJoin, parseRoom, tokenOf } from './control-data.js';

/** The events that roomgate itself answers. They bypass the inbox and Nest's pipeline, so that no interceptor or logger sees a token. */
export class Control {
  readonly #refresh: Refresh;
  readonly #rooms: RoomControl;

  constructor(ports: RefreshPorts & RoomControlPorts) {
    this.#refresh = new Refresh(ports);
    this.#rooms = new RoomControl(ports);
  }

  /** @see RoomControl.decided */
  decided(connection: RoomConnection, room: RoomId): Message['decided'] {
    return this.#rooms.decided(connection, room);
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
