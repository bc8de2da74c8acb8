import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Admitted } from '../admission/admission.js';
import { Refusal } from '../admission/refusals.js';
import type { RoomId } from '../admission/room-id.js';
import type { HistoryRight } from '../admission/room-policy.js';
import {
  requireLive,
  requireMembership,
  requirePresence,
  type ServerConnection,
} from '../connection/connection.js';
import { ControlQueue } from '../connection/control-queue.js';
import { drainedWithin, patience } from '../connection/outbox.js';
import { RoomgateError } from '../core/errors.js';
import type { PastPublication } from '../room/history.js';
import type { HistoryData, JoinData, RoomData } from './control-events.js';
import type { GatewayPorts } from './dispatch.js';
import type { MessageContext } from './message-context.js';

/** A join that was overtaken this often by other changes is given up; the client may try again. */
const MAX_ATTEMPTS = 3;

/** `room.join`, `room.leave`, `room.presence` and `room.history`: those of one connection one after the other. */
export class RoomControl {
  constructor(private readonly ports: GatewayPorts) {}

  join(context: MessageContext, data: JoinData): void {
    this.#move(context, data.room, () => this.#join(context, data));
  }

  leave(context: MessageContext, data: RoomData): void {
    const room = roomOf(context, data);
    this.#move(context, room, () => this.#leave(context, room));
  }

  /** What the client said to the room before it asked is handled, and answered, before. */
  #move(context: MessageContext, room: RoomId, act: () => Promise<void>): void {
    const said = context.connection.handled(room);
    const behind = async (): Promise<void> => {
      await said;
      // An answer is handed over at the end of the turn, to those who have the room then.
      await nextTurn();
      requireLive(context.connection);
      await act();
    };
    this.#run(context, said ? behind : act, room);
  }

  presence(context: MessageContext, data: RoomData): void {
    this.#run(context, async () => {
      const room = roomOf(context, data);
      const { connection } = context;
      context.letInBy({ check: () => requirePresence(connection, room) });
      const list = await this.ports.rooms.asMember(connection, room).presence();
      this.#answer(context, room, list);
    });
  }

  history(context: MessageContext, data: HistoryData): void {
    this.#run(context, async () => {
      const { connection } = context;
      const room = roomOf(context, data);
      // A page for a reader that has not taken the last one would only wait; and one a turn leaves time for others.
      const { clock, verdictDeadlineMs } = this.ports;
      // What else it asked for waits behind this.
      if (!(await drainedWithin(connection.outbox, clock, patience(verdictDeadlineMs))))
        return context.fail('unavailable');
      await nextTurn();
      const page = await this.ports.rooms.asMember(connection, room).history(data);
      const { history } = requireMembership(connection, room).rights;
      context.letInBy({ check: () => requireHistory(connection, room, history) });
      this.#answer(context, room, { ...page, publications: page.publications.map(toWire) });
    });
  }

  async #join(context: MessageContext, { room, since }: JoinData): Promise<void> {
    const { connection } = context;
    const { memberships, rules } = connection;
    if (memberships.some((held) => held.room === room)) return context.fail('already_member');
    if (memberships.length >= this.ports.maxRoomsPerConnection)
      return context.fail('too_many_rooms');
    const { admission, clock, verdictDeadlineMs, rooms } = this.ports;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { generation, principal } = connection;
      const entering = admission.enter(principal, { room, rules });
      const late = new Refusal('verdict_timeout');
      const admitted = await clock.within(entering, verdictDeadlineMs, late);
      if (admitted === late) void Promise.resolve(entering).then(release);
      if (admitted instanceof Refusal) return context.fail(admitted.code);
      const stale = connection.generation !== generation || admission.lastLook(admitted);
      if (!stale && connection.isLive()) {
        // Before anything that the room says.
        context.reply('room.joined', {
          room,
          position: rooms.memberships.positionIn(admitted.key),
        });
        return rooms.authority.enter(connection, admitted, since);
      }
      release(admitted);
      requireLive(connection);
    }
    context.fail('unavailable');
  }

  async #leave(context: MessageContext, room: RoomId): Promise<void> {
    const { connection } = context;
    const { key } = requireMembership(connection, room);
    this.ports.rooms.authority.leave(connection, key);
    context.reply('room.left', { room, code: 1000 });
    if (connection.memberships.length === 0) connection.close();
  }

  /** What a room said is not for one whose token has expired since, so this reply is none that always passes. */
  #answer(context: MessageContext, room: RoomId, data: object): void {
    context.isControl = false;
    context.ack({ room, ...data });
  }

  #run(context: MessageContext, act: () => Promise<void>, moves?: RoomId): void {
    const { connection } = context;
    const step = async (): Promise<void> => {
      if (!connection.isActive) return;
      try {
        requireLive(connection);
        await act();
      } catch (error) {
        const isOurs = error instanceof RoomgateError;
        if (!isOurs) this.ports.report(context.event, error);
        context.fail(isOurs ? error.code : 'internal');
      }
    };
    const { maxRoomsPerConnection, clock, verdictDeadlineMs } = this.ports;
    const { state } = connection;
    state.controls ??= new ControlQueue(maxRoomsPerConnection, clock, verdictDeadlineMs);
    if (!state.controls.push(step, moves)) context.fail('rate_limited');
  }
}

/** Of what was read by a right that is another one now, nothing is given. */
function requireHistory(connection: ServerConnection, room: RoomId, read: HistoryRight): void {
  const { history } = requireMembership(connection, room).rights;
  if (!isDeepStrictEqual(history, read))
    throw new RoomgateError('history_forbidden', 'The right to the history has changed.');
}

function roomOf(context: MessageContext, { room }: RoomData): RoomId {
  return room ?? context.roomId;
}

function release(admitted: Admitted | Refusal): void {
  if (!(admitted instanceof Refusal)) admitted.release();
}

function toWire({ bytes, ...publication }: PastPublication): object {
  return bytes ? { ...publication, binary: bytes.toString('base64') } : publication;
}
