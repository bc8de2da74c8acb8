import { type CanActivate } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { CurrentRoom, type Room, RoomGateway } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { Deferred } from '../support/deferred.js';

const handled: string[] = [];
let slow = new Deferred();

let guarding: Deferred | undefined;

class ThinkingGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    await guarding?.promise;
    return true;
  }
}

@RoomGateway('/:room')
class ExpiryGateway {
  @SubscribeMessage('run')
  async run(@MessageBody() name: string, @CurrentRoom() room: Room): Promise<string> {
    handled.push(name);
    if (name === 'slow') await slow.promise;
    await room.broadcast('ran', name);
    return name;
  }
}

describe('A token that expires', () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;
  let bob: TestConnection;

  beforeAll(async () => {
    testbed = await createRoomgateTestbed({
      providers: [ExpiryGateway, { provide: APP_GUARD, useClass: ThinkingGuard }],
    });
  });
  beforeEach(async () => {
    handled.length = 0;
    slow = new Deferred();
    guarding = undefined;
    const rooms = ['0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b'];
    // Five seconds of clock tolerance come on top.
    alice = await testbed.connectAs({ sub: 'alice', rooms, ttlMs: 60_000 });
    bob = await testbed.connectAs({ sub: 'bob', rooms });
  });
  afterEach(() => bob.close());
  afterAll(() => testbed.close());

  it('mutes its connection at once: the handler does not run, and the id gets a temporary exception and no strike', async () => {
    // Only the time is set; the deadline that closes the connection is not due to be looked at yet.
    testbed.clock.step(65_000);
    for (let sent = 0; sent < 15; sent++)
      expect(await alice.request('run', 'late')).toMatchObject({
        event: 'exception',
        data: { code: 'token_expired', temporary: true },
      });
    alice.send('run', 'late');
    await testbed.settle();
    expect(handled).toEqual([]);
    expect(alice.waiting).toEqual([]);
  });

  it('is live until its last millisecond', async () => {
    testbed.clock.step(64_999);
    expect(await alice.request('run', 'just in time')).toMatchObject({ event: 'ack' });
    testbed.clock.step(1);
    expect(await alice.request('run', 'late')).toMatchObject({ data: { code: 'token_expired' } });
    expect(handled).toEqual(['just in time']);
  });

  it('lets nothing of the room through any more', async () => {
    testbed.clock.step(65_000);
    await bob.request('run', 'secret');
    await testbed.settle();
    expect(alice.waiting).toEqual([]);
    expect(bob.waiting).toMatchObject([{ event: 'ran', data: 'secret' }]);
  });

  it('does not reach the handler when it expires while a global guard thinks', async () => {
    guarding = new Deferred();
    const reply = alice.request('run', 'late');
    await testbed.settle();
    testbed.clock.step(65_000);
    guarding.resolve();
    expect(await reply).toMatchObject({ data: { code: 'token_expired' } });
    expect(handled).toEqual([]);
  });

  it('ends the rights of a handler that is still running', async () => {
    const reply = alice.request('run', 'slow');
    await testbed.settle();
    testbed.clock.step(65_000);
    slow.resolve();
    expect(await reply).toMatchObject({ data: { code: 'token_expired' } });
    await testbed.settle();
    expect(bob.waiting).toEqual([]);
  });

  it('closes an idle connection with 4401 after a goodbye, within a quarter of a second of the end of the grace', async () => {
    await testbed.advance(89_999);
    expect(alice.waiting.map(({ event }) => event)).toEqual(['auth.expiring']);
    await testbed.advance(251);
    expect(await alice.next()).toMatchObject({ event: 'auth.expiring' });
    expect((await alice.next()).data).toEqual({
      code: 4401,
      reason: 'token expired',
      reconnect: true,
    });
    await alice.expectClosed(4401);
  });
});
