import { randomUUID } from 'node:crypto';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import {
  CurrentRoom,
  RevocationService,
  type Room,
  RoomGateway,
  RoomService,
} from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { serverEnd } from '../support/node-of.js';

const ROOM = randomUUID();
const OTHER = randomUUID();

@RoomGateway('/:room')
class TalkGateway {
  @SubscribeMessage('say')
  say(@CurrentRoom() room: Room, @MessageBody() data: unknown): unknown {
    return room.broadcast('said', data);
  }
}

/** What became of somebody who comes back with the position it had. */
interface Comeback {
  readonly heard: readonly unknown[];
  readonly hadGap: boolean;
}

describe('The past of a room', () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;
  let bob: TestConnection;
  let position: { offset: number; epoch: string; connectionId: string };

  beforeEach(async () => {
    testbed = await createRoomgateTestbed({
      providers: [TalkGateway],
      roomgate: { rooms: { default: { history: { size: 100 } } } },
    });
    alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM, OTHER] });
    bob = await testbed.connectAs({ sub: 'bob', rooms: [ROOM, OTHER] });
    position = { ...alice.hello.position!, connectionId: alice.hello.connectionId };
  });
  afterEach(() => testbed.close());

  const revocation = (): RevocationService => testbed.get(RevocationService);
  const rooms = (): RoomService => testbed.get(RoomService);
  const identityOf = (who: TestConnection): { issuer: string; subject: string } => {
    const { issuer, subject } = serverEnd(testbed, who).principal;
    return { issuer, subject };
  };

  async function comeBack(): Promise<Comeback> {
    await testbed.settle();
    testbed.clock.advance(10_000);
    const again = await testbed.connectAs({ sub: 'alice', rooms: [ROOM, OTHER], position });
    await bob.request('say', 'now');
    const heard: unknown[] = [];
    while (heard.at(-1) !== 'now') heard.push((await again.next('said')).data);
    return { heard, hadGap: again.waiting.some(({ event }) => event === 'gap') };
  }

  it('is given to a member that was merely away', async () => {
    alice.socket.terminate();
    await testbed.settle();
    await bob.request('say', 'meanwhile');
    expect(await comeBack()).toEqual({ heard: ['meanwhile', 'now'], hadGap: false });
  });

  const losses: [string, () => unknown][] = [
    [
      'a subject that was blocked, then unblocked',
      async () => {
        const alices = identityOf(alice);
        await revocation().block(alices);
        await bob.request('say', 'meanwhile');
        await revocation().unblock(alices);
      },
    ],
    [
      'a subject that was away while it was blocked',
      async () => {
        const alices = identityOf(alice);
        alice.socket.terminate();
        await testbed.settle();
        await revocation().block(alices);
        await bob.request('say', 'meanwhile');
        await revocation().unblock(alices);
      },
    ],
    [
      'a subject whose tokens were revoked',
      async () => {
        await revocation().revokeSubject(identityOf(alice));
        await bob.request('say', 'meanwhile');
      },
    ],
    [
      'a subject that was disconnected',
      async () => {
        await revocation().disconnect(identityOf(alice));
        await bob.request('say', 'meanwhile');
      },
    ],
    [
      'a connection that was disconnected',
      async () => {
        await revocation().disconnect({ connectionId: alice.hello.connectionId });
        await bob.request('say', 'meanwhile');
      },
    ],
    [
      'a member of a room that was closed',
      async () => {
        await rooms().room(ROOM).close();
        bob = await testbed.connectAs({ sub: 'bob', rooms: [ROOM] });
        await bob.request('say', 'meanwhile');
      },
    ],
    [
      'a member of a closed room that stays in another room',
      async () => {
        await alice.request('room.join', { room: OTHER });
        await rooms().room(ROOM).close();
        bob = await testbed.connectAs({ sub: 'bob', rooms: [ROOM] });
        await bob.request('say', 'meanwhile');
        alice.socket.terminate();
      },
    ],
  ];

  it.each(losses)('is not given to %s, which lost the room meanwhile', async (_name, lose) => {
    await lose();
    expect(await comeBack()).toEqual({ heard: ['now'], hadGap: true });
  });

  it('is given to the other connection of a subject, which still had the room', async () => {
    const phone = await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
    await revocation().disconnect({ connectionId: phone.hello.connectionId });
    alice.socket.terminate();
    await testbed.settle();
    await bob.request('say', 'meanwhile');
    expect(await comeBack()).toEqual({ heard: ['meanwhile', 'now'], hadGap: false });
  });

  it('of rooms that others lost is given as before', async () => {
    await revocation().block(identityOf(bob));
    await revocation().unblock(identityOf(bob));
    bob = await testbed.connectAs({ sub: 'bob', rooms: [ROOM] });
    alice.socket.terminate();
    await testbed.settle();
    await bob.request('say', 'meanwhile');
    expect(await comeBack()).toEqual({ heard: ['meanwhile', 'now'], hadGap: false });
  });
});
