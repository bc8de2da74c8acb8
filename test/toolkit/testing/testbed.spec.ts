import { randomUUID } from 'node:crypto';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import {
  CurrentPrincipal,
  CurrentRoom,
  RoomGateway,
  type Principal,
  type Room,
} from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';

@RoomGateway('/:room')
class ChatGateway {
  @SubscribeMessage('say')
  async say(
    @CurrentRoom() room: Room,
    @CurrentPrincipal() principal: Principal,
    @MessageBody() data: unknown,
  ): Promise<void> {
    await room.broadcast('said', { from: principal.subject, data });
  }

  @SubscribeMessage('add')
  add(@MessageBody() { a, b }: { a: number; b: number }): number {
    return a + b;
  }
}

describe('createRoomgateTestbed', () => {
  let testbed: RoomgateTestbed;

  beforeAll(async () => {
    testbed = await createRoomgateTestbed({ providers: [ChatGateway] });
  });

  afterAll(() => testbed.close());

  it('greets, answers and broadcasts without a port', async () => {
    const rooms = [randomUUID()];
    const alice = await testbed.connectAs({ sub: 'alice', rooms });
    const bob = await testbed.connectAs({ sub: 'bob', rooms });
    expect(alice.hello).toMatchObject({
      room: rooms[0],
      sub: 'alice',
      ttlMs: 3_600_000,
      serverTime: testbed.clock.now(),
    });
    expect(await alice.request('add', { a: 1, b: 2 })).toEqual({
      event: 'ack',
      data: 3,
      id: 'test-1',
    });
    alice.send('say', 'hi');
    expect(await bob.next('said')).toMatchObject({
      event: 'said',
      data: { from: 'alice', data: 'hi' },
    });
    expect(await alice.next('said')).toMatchObject({
      event: 'said',
      data: { from: 'alice', data: 'hi' },
    });
  });

  it('mutes an idle connection when its token expires, and closes it after the grace for a refresh', async () => {
    const alice = await testbed.connectAs({ ttlMs: 60_000 });
    await testbed.advance(64_000);
    expect(await alice.request('add', { a: 1, b: 1 })).toMatchObject({ event: 'ack', data: 2 });
    await testbed.advance(1_000);
    expect(await alice.request('add', { a: 1, b: 1 })).toMatchObject({
      data: { code: 'token_expired' },
    });
    await testbed.advance(25_250);
    expect(await alice.next('goodbye')).toMatchObject({ data: { code: 4401, reconnect: true } });
    await alice.expectClosed(4401);
  });

  it('hands out refusals', async () => {
    await testbed.expectRefused(401, 'no_token');
    const expired = testbed.mint({ ttlMs: -10_000 });
    await testbed.expectRefused(401, 'token_expired', { token: expired });
  });
});
