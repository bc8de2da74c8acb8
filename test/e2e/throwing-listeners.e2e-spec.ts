import { WebSocketServer } from '@nestjs/websockets';
import { RoomGateway } from 'nestjs-roomgate';
import type { EventEmitter } from 'node:events';
import { behindHead } from '../support/hostile-room.js';
import { eventually } from '../support/poll.js';
import { RawClient, upgradeBytes } from '../support/raw-http.js';
import { closeCodeOf, maskedText, readFrames } from '../support/raw-frames.js';
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

@RoomGateway('/:room')
class QuietGateway {
  @WebSocketServer() server!: EventEmitter;
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

  it('costs a connection that was there before it, with its first message', async () => {
    const quiet = await startRoomApp({ providers: [QuietGateway] });
    const { port, issuer, node } = quiet;
    const client = await RawClient.open(port);
    const bearer = `Authorization: Bearer ${issuer.mint({ rooms: [ROOM] })}`;
    client.write(upgradeBytes({ target: `/${ROOM}`, headers: [bearer] }));
    await client.head();
    await eventually(() => node.registry.size === 1, 'the connection to be made');
    quiet.app.get(QuietGateway).server.on('connection', () => {
      throw new Error('This fails.');
    });
    client.write(maskedText('{"event":"echo"}'));
    const isClosed = (bytes: Buffer): boolean => closeCodeOf(behindHead(bytes)) !== undefined;
    expect(closeCodeOf(behindHead(await client.until(isClosed)))).toBe(1011);
    client.reset();
    await eventually(() => node.registry.size === 0, 'the connection to be forgotten');
    await quiet.close();
  });
});
