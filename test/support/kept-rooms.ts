import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import {
  CurrentRoom,
  type HistoryRight,
  type Position,
  type Room,
  type RoomAccess,
  RoomGateway,
  RoomPolicy,
  RoomService,
} from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestbedOptions,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { ROOM } from './live-room.js';

/** Everybody may enter; what else somebody may do is said here, by subject, and by default it is everything. */
export class KeptPolicy extends RoomPolicy {
  static history: Record<string, HistoryRight> = {};
  /** Who may not see who else is there. */
  static blind: string[] = [];

  static reset(): void {
    KeptPolicy.history = {};
    KeptPolicy.blind = [];
  }

  join(): boolean {
    return true;
  }

  override history({ principal }: RoomAccess): HistoryRight {
    return KeptPolicy.history[principal.subject] ?? true;
  }

  override presence({ principal }: RoomAccess): boolean {
    return !KeptPolicy.blind.includes(principal.subject);
  }
}

@RoomGateway('/kept/:room', { rooms: 'kept', policy: KeptPolicy })
class KeptGateway {
  @SubscribeMessage('others')
  async others(@CurrentRoom() room: Room, @MessageBody() data: unknown): Promise<void> {
    await room.broadcastToOthers('said', data);
  }
}

/** Rooms that keep and tell nothing. */
@RoomGateway('/plain/:room', { rooms: 'plain', policy: KeptPolicy })
class PlainGateway {}

/** An app with rooms named `kept`, which keep a history and tell of presence, and others named `plain`. */
export async function createKeptTestbed(options: TestbedOptions = {}): Promise<RoomgateTestbed> {
  KeptPolicy.reset();
  const { roomgate, ...rest } = options;
  return createRoomgateTestbed({
    providers: [KeptGateway, PlainGateway, KeptPolicy],
    ...rest,
    roomgate: {
      rooms: { kept: { history: true, presence: true } },
      // Tests are rude, and are not to be shown the door for it.
      maxStrikes: 1_000,
      ...roomgate,
    },
  });
}

/** Connects a subject to a room of a name. */
export function enter(
  testbed: RoomgateTestbed,
  sub: string,
  { room = ROOM, name = 'kept' } = {},
): Promise<TestConnection> {
  return testbed.connectAs({ sub, path: `/${name}/${room}`, rooms: [room] });
}

/** Says something in a room of the name `kept` with the server's authority. */
export async function say(
  testbed: RoomgateTestbed,
  room: string,
  ...said: unknown[]
): Promise<Position[]> {
  const rooms = testbed.get(RoomService);
  const positions: Position[] = [];
  for (const data of said) positions.push(await rooms.room(room, 'kept').broadcast('said', data));
  await testbed.settle();
  return positions;
}

/** The data of the answer to a control event, or the code of the exception. */
export async function ask(
  client: TestConnection,
  event: string,
  data?: unknown,
): Promise<any> /* oxlint-disable-line typescript/no-explicit-any -- tests look into it */ {
  const reply = await client.request(event, data);
  return reply.event === 'exception' ? reply.data.code : reply.data;
}
