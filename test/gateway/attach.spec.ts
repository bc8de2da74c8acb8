import { randomUUID } from 'node:crypto';
import { RoomGateway, type RoomConnection, RoomService } from 'nestjs-roomgate';
import { createRoomgateTestbed } from 'nestjs-roomgate/testing';

const told: string[] = [];

@RoomGateway('/:room')
class ListeningGateway {
  handleConnection({ principal }: RoomConnection): void {
    told.push(`hello ${principal.subject}`);
  }

  handleDisconnect({ principal }: RoomConnection): void {
    told.push(`bye ${principal.subject}`);
  }
}

describe('A gateway without handlers', () => {
  it('is told once of each connection, however many messages come', async () => {
    const testbed = await createRoomgateTestbed({ providers: [ListeningGateway] });
    const rooms = [randomUUID()];
    const alice = await testbed.connectAs({ sub: 'alice', rooms });
    const bob = await testbed.connectAs({ sub: 'bob', rooms });
    for (const client of [alice, bob, alice, bob]) {
      expect(await client.request('anything')).toMatchObject({ data: { code: 'unknown_event' } });
    }
    await alice.close();
    await bob.close();
    await testbed.settle();
    expect(told).toEqual(['hello alice', 'hello bob', 'bye alice', 'bye bob']);
    await testbed.close();
  });
});

describe('A listener of memberships', () => {
  it('costs nothing but a line when it throws or rejects, and can stop', async () => {
    const testbed = await createRoomgateTestbed({ providers: [ListeningGateway] });
    const heard: string[] = [];
    const rooms = testbed.get(RoomService);
    rooms.listen({
      onJoin: () => Promise.reject(new Error('canary')),
      onLeave: () => {
        throw new Error('canary');
      },
    });
    const stop = rooms.listen({ onJoin: (_connection, room) => heard.push(room) });
    const room = randomUUID();
    const alice = await testbed.connectAs({ rooms: [room] });
    stop();
    await testbed.connectAs({ rooms: [randomUUID()] });
    await alice.close();
    await testbed.settle();
    expect(heard).toEqual([room]);
    await testbed.close();
  });

  it('never speaks before the greeting', async () => {
    const testbed = await createRoomgateTestbed({ providers: [ListeningGateway] });
    testbed.get(RoomService).listen({ onJoin: (connection) => connection.close(4003) });
    const alice = await testbed.connectAs();
    expect(alice.hello.sub).toBe('alice');
    await alice.expectClosed(4003);
    await testbed.close();
  });
});
