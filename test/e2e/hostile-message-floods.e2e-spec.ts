import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { CurrentRoom, type Room, RoomGateway } from 'nestjs-roomgate';
import type { ServerConnection } from '../../src/connection/connection.js';
import { Gate } from '../support/gate.js';
import { heapBytes } from '../support/heap-bytes.js';
import { behindHead, HostileRoom } from '../support/hostile-room.js';
import { eventually } from '../support/poll.js';
import type { RawClient } from '../support/raw-http.js';
import { clientFrame, closeCodeOf, maskedText, OPCODE } from '../support/raw-frames.js';

const KIB = 1_024;
const MIB = 1_024 * KIB;
const working = new Gate();

@RoomGateway('/:room')
class BusyGateway {
  static handled = 0;

  @SubscribeMessage('say')
  async say(@CurrentRoom() room: Room, @MessageBody() data: unknown): Promise<void> {
    await room.broadcast('said', { data });
  }

  @SubscribeMessage('work')
  async work(): Promise<void> {
    BusyGateway.handled += 1;
    await working.pass();
  }
}

describe('A client that sends more than it should', () => {
  let room: HostileRoom;

  beforeEach(async () => {
    working.hold();
    BusyGateway.handled = 0;
    room = await HostileRoom.open({ providers: [BusyGateway] });
  });
  afterEach(async () => {
    working.open();
    await room.close();
  });

  const serverEnd = (): ServerConnection => {
    const all = [...room.app.node.registry.all()];
    return all.find(({ principal }) => principal.subject.startsWith('evil')) as ServerConnection;
  };
  /** Writes the bytes again and again, until the server takes no more; returns how many it took. */
  async function flood(client: RawClient, bytes: Buffer): Promise<number> {
    const before = client.socket.bytesWritten;
    let isStuck = false;
    while (!isStuck && !client.socket.destroyed) {
      isStuck = await new Promise<boolean>((resolve) => {
        const patience = setTimeout(() => resolve(true), 200);
        client.socket.write(bytes, () => (clearTimeout(patience), resolve(false)));
      });
    }
    return client.socket.bytesWritten - before - client.socket.writableLength;
  }

  it('is not read while its messages wait, and each is handled when there is time', async () => {
    const client = await room.enter();
    const before = heapBytes();
    const bytes = maskedText('{"event":"work"}');
    await flood(client, Buffer.concat(Array.from({ length: 1_000 }, () => bytes)));
    expect(BusyGateway.handled).toBe(1);
    expect(serverEnd().isPaused).toBe(true);
    expect(heapBytes() - before).toBeLessThan(8 * MIB);
    await room.expectServed();
    client.reset();
    working.open();
    await room.expectNothingLeft();
  }, 30_000);

  it('is not read while big messages wait either, which are bigger when they are parsed', async () => {
    const client = await room.enter();
    const before = heapBytes();
    const data = Array.from({ length: 20_000 }, () => ({}));
    const frame = clientFrame({ payload: JSON.stringify({ event: 'work', data }) });
    for (let sent = 0; sent < 200 && !serverEnd().isPaused; sent++) {
      client.write(frame);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(() => serverEnd().isPaused, 'it to be paused');
    expect(heapBytes() - before).toBeLessThan(24 * MIB);
    await room.expectServed();
    client.reset();
    working.open();
    await room.expectNothingLeft();
  }, 30_000);

  it('is cut off when it pings and does not read', async () => {
    const client = await room.enter();
    client.socket.pause();
    const ping = clientFrame({ opcode: OPCODE.ping, payload: Buffer.alloc(100, 1) });
    await flood(client, Buffer.concat(Array.from({ length: 1_000 }, () => ping)));
    await room.expectServed();
    await eventually(() => room.app.node.registry.size === 1, 'it to be cut off');
    await room.expectNothingLeft();
  }, 30_000);

  it('is answered each ping when it reads', async () => {
    const client = await room.enter();
    const ping = clientFrame({ opcode: OPCODE.ping, payload: 'x' });
    client.write(Buffer.concat(Array.from({ length: 10 }, () => ping)));
    await client.until(
      (bytes) => behindHead(bytes).toString('latin1').split('\x8a\x01x').length > 10,
    );
    client.reset();
    await room.expectNothingLeft();
  }, 30_000);

  it.each([
    ['one byte each', 1],
    ['nothing at all', 0],
  ])(
    'gets no further than 64 pieces of a message: %s',
    async (_what, size) => {
      const client = await room.enter();
      const before = heapBytes();
      const piece = clientFrame({
        opcode: OPCODE.continuation,
        fin: false,
        payload: ' '.repeat(size),
      });
      client.write(clientFrame({ fin: false, payload: '{' }));
      client.write(Buffer.concat(Array.from({ length: 16_000 }, () => piece)));
      const all = await client.until((it) => closeCodeOf(behindHead(it)) !== undefined);
      expect(closeCodeOf(behindHead(all))).toBe(1008);
      expect(heapBytes() - before).toBeLessThan(2 * MIB);
      client.reset();
      await room.expectNothingLeft();
    },
    30_000,
  );

  it('has a message that comes byte by byte handled, within the bounds of a message', async () => {
    const client = await room.enter();
    for (const byte of maskedText('{"event":"work"}')) {
      client.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(() => BusyGateway.handled === 1, 'the message to be handled');
    client.reset();
    working.open();
    await room.expectNothingLeft();
  }, 30_000);
});
