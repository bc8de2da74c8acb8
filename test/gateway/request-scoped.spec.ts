import { Inject, Injectable, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { CurrentRoom, type Room, type RoomConnection, RoomGateway } from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';

let made = 0;

@Injectable({ scope: Scope.REQUEST })
class PerConnection {
  readonly number = ++made;

  constructor(@Inject(REQUEST) readonly connection: RoomConnection) {
    if (connection.principal.subject === 'mallory') throw new Error('canary');
  }
}

class Handlers {
  constructor(@Inject(PerConnection) private readonly own: PerConnection) {}

  @SubscribeMessage('who')
  async who(@CurrentRoom() room: Room, @MessageBody() data: unknown): Promise<unknown> {
    await room.broadcastToOthers('asked', data);
    return { subject: this.own.connection.principal.subject, number: this.own.number };
  }
}

const log: string[] = [];

@RoomGateway('/hooked/:room', { rooms: 'hooked' })
class HookedGateway extends Handlers {
  constructor(@Inject(PerConnection) private readonly mine: PerConnection) {
    super(mine);
  }

  async handleConnection(connection: RoomConnection): Promise<void> {
    await Promise.resolve();
    log.push(`hello ${connection.principal.subject} ${this.mine.number}`);
    if (connection.principal.subject === 'eve') throw new Error('canary');
  }

  handleDisconnect(connection: RoomConnection): void {
    log.push(`bye ${connection.principal.subject} ${this.mine.number}`);
  }
}

@RoomGateway('/bare/:room', { rooms: 'bare' })
class BareGateway extends Handlers {
  constructor(@Inject(PerConnection) own: PerConnection) {
    super(own);
  }
}

const ROOM = '0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b';

describe('A gateway in request scope', () => {
  let testbed: RoomgateTestbed;
  const died: unknown[] = [];
  const onRejection = (error: unknown): number => died.push(error);

  beforeAll(async () => {
    process.on('unhandledRejection', onRejection);
    testbed = await createRoomgateTestbed({
      providers: [HookedGateway, BareGateway, PerConnection],
    });
  });
  beforeEach(() => {
    log.length = 0;
    made = 0;
  });
  afterEach(() => expect(died.splice(0)).toEqual([]));
  afterAll(async () => {
    await testbed.close();
    process.off('unhandledRejection', onRejection);
  });

  const connect = (path: string, sub: string): ReturnType<RoomgateTestbed['connectAs']> =>
    testbed.connectAs({ sub, rooms: [ROOM], path: `/${path}/${ROOM}` });

  it.each(['hooked', 'bare'])('is made once for each connection: %s', async (path) => {
    const alice = await connect(path, 'alice');
    const bob = await connect(path, 'bob');
    for (let asked = 0; asked < 2; asked++) {
      expect(await alice.request('who')).toMatchObject({ data: { subject: 'alice', number: 1 } });
      expect(await bob.request('who')).toMatchObject({ data: { subject: 'bob', number: 2 } });
    }
    await Promise.all([alice.close(), bob.close()]);
    await testbed.settle();
    expect(log.toSorted()).toEqual(
      path === 'bare' ? [] : ['bye alice 1', 'bye bob 2', 'hello alice 1', 'hello bob 2'],
    );
  });

  it('fails for one connection when its hook does', async () => {
    const eve = await connect('hooked', 'eve');
    await eve.expectClosed(1011);
    expect(await (await connect('hooked', 'bob')).request('who')).toMatchObject({ event: 'ack' });
  });

  it.each(['hooked', 'bare'])(
    'fails for one connection when it cannot be made: %s',
    async (path) => {
      const bob = await connect(path, 'bob');
      const mallory = await connect(path, 'mallory');
      await mallory.expectClosed(1011);
      await testbed.settle();
      expect(await bob.request('who')).toMatchObject({ event: 'ack' });
      expect(log).toEqual(path === 'bare' ? [] : [expect.stringMatching(/^hello bob/)]);
      await bob.close();
    },
  );
});
