import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { CurrentRoom, type Room, RoomGateway } from 'nestjs-roomgate';
import { Gate } from '../support/gate.js';
import { HostileRoom } from '../support/hostile-room.js';
import { eventually } from '../support/poll.js';
import type { RawClient } from '../support/raw-http.js';
import { clientFrame, maskedText, OPCODE } from '../support/raw-frames.js';

const KIB = 1_024;
const working = new Gate();

@RoomGateway('/:room')
class BusyGateway {
  @SubscribeMessage('say')
  async say(@CurrentRoom() room: Room, @MessageBody() data: unknown): Promise<void> {
    await room.broadcast('said', { data });
  }

  @SubscribeMessage('work')
  async work(): Promise<void> {
    await working.pass();
  }
}

const work = maskedText('{"event":"work"}');
const normalClose = clientFrame({ opcode: OPCODE.close, payload: Buffer.from([3, 232]) });

/** What a client may be amid when it goes. */
const STAGES: Record<string, (client: RawClient) => void> = {
  nothing: () => {},
  'the head of a frame': (client) => client.write(Buffer.from([0x81])),
  'a frame': (client) => client.write(maskedText('{"event":"work"}').subarray(0, 9)),
  'a message in pieces': (client) => client.write(clientFrame({ fin: false, payload: '{' })),
  'a message that is being handled': (client) => client.write(work),
  'a close': (client) => client.write(normalClose.subarray(0, 5)),
  'a close that is whole': (client) => client.write(normalClose),
  'a fault': (client) => client.write(clientFrame({ opcode: 3 })),
};

describe('A connection whose client goes as no client should', () => {
  let room: HostileRoom;

  beforeEach(async () => {
    working.hold();
    room = await HostileRoom.open({ providers: [BusyGateway] });
  });
  afterEach(async () => {
    working.open();
    await room.close();
  });

  it.each(Object.keys(STAGES))('leaves nothing when it is reset amid %s', async (stage) => {
    const clients = await Promise.all(Array.from({ length: 10 }, () => room.enter()));
    for (const client of clients) STAGES[stage]?.(client);
    for (const client of clients) client.reset();
    working.open();
    await room.expectServed();
    await room.expectNothingLeft();
  });

  it.each(Object.keys(STAGES))('leaves nothing when it only ends amid %s', async (stage) => {
    const clients = await Promise.all(Array.from({ length: 10 }, () => room.enter()));
    for (const client of clients) {
      STAGES[stage]?.(client);
      client.socket.end();
    }
    working.open();
    await Promise.all(clients.map(({ closed }) => closed));
    await room.expectServed();
    await room.expectNothingLeft();
  });

  it('leaves nothing when it ends and never reads what there is for it', async () => {
    const client = await room.enter();
    client.socket.pause();
    const [evil] = [...room.app.node.registry.all()].slice(1);
    if (!evil) throw new Error('It is not there.');
    await eventually(() => {
      evil.send('more', 'x'.repeat(100 * KIB));
      return evil.outbox.backlogBytes > 300 * KIB;
    }, 'its reader to be behind');
    client.socket.end();
    await eventually(() => !evil.isWritable(), 'the end to arrive');
    room.app.clock.advance(1_999);
    await room.expectServed();
    expect([evil.isOpen, evil.isGone]).toEqual([false, false]);
    room.app.clock.advance(1);
    await room.expectNothingLeft();
  });
});
