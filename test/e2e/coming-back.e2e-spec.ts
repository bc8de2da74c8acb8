import { randomUUID } from 'node:crypto';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import {
  CurrentPrincipal,
  CurrentRoom,
  type Principal,
  type Room,
  RoomGateway,
  SubscribeBinary,
} from 'nestjs-roomgate';
import { runPython } from '../support/python.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';

@RoomGateway('/:room')
class ChatGateway {
  @SubscribeMessage('say')
  async say(
    @CurrentRoom() room: Room,
    @CurrentPrincipal() { subject }: Principal,
    @MessageBody() data: unknown,
  ): Promise<void> {
    await room.broadcast('said', { from: subject, data });
  }

  @SubscribeBinary()
  async draw(@CurrentRoom() room: Room, @MessageBody() bytes: Buffer): Promise<void> {
    await room.broadcastBinary(bytes);
  }
}

describe('The websocket-client of Python, in rooms with history and presence', () => {
  let app: RoomApp;
  let ticking: NodeJS.Timeout;

  beforeAll(async () => {
    app = await startRoomApp({
      providers: [ChatGateway],
      roomgate: { rooms: { default: { history: true, presence: true } } },
    });
    // Presence is told by the clock, which nobody else moves on while the script runs.
    ticking = setInterval(() => app.clock.advance(250), 20);
  });
  afterAll(async () => {
    clearInterval(ticking);
    await app.close();
  });

  it('goes, comes back and has missed nothing; joins another room; sends bytes', async () => {
    const rooms = [randomUUID(), randomUUID()] as const;
    const mint = (sub: string): string => app.issuer.mint({ sub, rooms: [...rooms] });
    const url = `ws://127.0.0.1:${app.port}/${rooms[0]}`;
    const tokens = { ALICE: mint('alice'), BOB: mint('bob') };
    expect(await runPython('come_back', [url, rooms[1]], tokens)).toBe('passed');
  }, 30_000);
});
