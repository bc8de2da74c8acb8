import { WebSocketServer } from '@nestjs/websockets';
import { RoomGateway } from 'nestjs-roomgate';
import type { EventEmitter } from 'node:events';
import { eventually } from '../support/poll.js';
import { RawClient, upgradeBytes } from '../support/raw-http.js';
import { readFrames } from '../support/raw-frames.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';

const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';

/** What an application may do with the server that Nest hands it. */
@RoomGateway('/:room')
class ThrowingGateway {
  @WebSocketServer() server!: EventEmitter;

  afterInit(): void {
    this.server.on('connection', () => {
      throw new Error('This fails.');
    });
  }
}

describe('A listener of the application that throws when somebody has been admitted', () => {
  let app: RoomApp;

  beforeEach(async () => {
    app = await startRoomApp({ providers: [ThrowingGateway] });
  });

  afterEach(() => app.close());

  it('costs that connection, writes nothing into it that is no frame, and leaves nothing behind', async () => {
    const bearer = `Authorization: Bearer ${app.issuer.mint({ rooms: [ROOM] })}`;
    const client = await RawClient.open(app.port);
    client.write(upgradeBytes({ target: `/${ROOM}`, headers: [bearer] }));
    const { status, body } = await client.answer();
    if (client.received.length > 0) expect(status).toBe(101);
    expect(body.toString()).not.toContain('HTTP/1.1');
    const frames = readFrames(body).map(({ payload }) => String(payload));
    expect(frames.every((frame) => frame.includes('"hello"'))).toBe(true);
    await eventually(() => app.node.registry.size === 0, 'the connection to be forgotten');
    expect(app.node.memberships.size).toBe(0);
    expect(await app.openSockets()).toBe(0);
  });
});
