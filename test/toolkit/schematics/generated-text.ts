/** What `nest g -c nestjs-roomgate room-gateway orders` writes, to the letter. */
export const GATEWAY = `import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import {
  CurrentPrincipal,
  CurrentRoom,
  RoomGateway,
  type Position,
  type Principal,
  type Room,
} from 'nestjs-roomgate';

@RoomGateway('/orders/:room', { rooms: 'orders' })
export class OrdersGateway {
  // The data is whatever the sender wrote: check it before you rely on it.
  @SubscribeMessage('say')
  say(
    @CurrentRoom() room: Room,
    @CurrentPrincipal() principal: Principal,
    @MessageBody() data: unknown,
  ): Promise<Position> {
    return room.broadcast('said', { from: principal.subject, data });
  }
}
`;

export const GATEWAY_SPEC = `import { randomUUID } from 'node:crypto';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
} from 'nestjs-roomgate/testing';
import { OrdersGateway } from './orders.gateway.js';

describe('OrdersGateway', () => {
  const rooms = [randomUUID()];
  let testbed: RoomgateTestbed;

  beforeAll(async () => {
    testbed = await createRoomgateTestbed({ providers: [OrdersGateway] });
  });

  afterAll(async () => {
    await testbed.close();
  });

  it('lets everyone in the room hear what is said', async () => {
    const alice = await testbed.connectAs({ sub: 'alice', rooms });
    const bob = await testbed.connectAs({ sub: 'bob', rooms });

    alice.send('say', { text: 'hello' });

    expect(await bob.next()).toMatchObject({
      event: 'said',
      data: { from: 'alice', data: { text: 'hello' } },
    });
  });

  it('refuses a token that does not list the room', async () => {
    const token = testbed.mint({ sub: 'mallory', rooms: [] });

    await testbed.expectRefused(403, 'room_forbidden', { token });
  });
});
`;
