import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { SubscribeMessage } from '@nestjs/websockets';
import { RoomGateway } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import type { Observable } from 'rxjs';

const intercepted: unknown[] = [];

class Watching implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    intercepted.push(...context.getArgs<unknown[]>().slice(1, 2));
    return next.handle() as Observable<unknown>;
  }
}

@RoomGateway('/:room')
class PingGateway {
  @SubscribeMessage('ping')
  ping(): string {
    return 'pong';
  }
}

const CONTROL = ['auth.refresh', 'room.join', 'room.leave', 'room.presence', 'room.history'];

describe('Messages that are not ours', () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;

  beforeAll(async () => {
    testbed = await createRoomgateTestbed({
      providers: [PingGateway, { provide: APP_INTERCEPTOR, useClass: Watching }],
      roomgate: { maxStrikes: 4 },
    });
  });
  beforeEach(async () => {
    alice = await testbed.connectAs();
    intercepted.length = 0;
  });
  afterAll(() => testbed.close());

  const code = async (): Promise<unknown> =>
    ((await alice.next('exception')).data as { code: string }).code;

  it.each<[string, string | Buffer, string]>([
    ['bad JSON', '{', 'bad_message'],
    ['no object', '[]', 'bad_message'],
    ['no event', '{"data":1}', 'bad_message'],
    ['a binary frame', Buffer.from('{"event":"ping","id":1}'), 'bad_message'],
    ['an unknown event', '{"event":"pong"}', 'unknown_event'],
    ['a reserved event of the server', '{"event":"hello"}', 'unknown_event'],
    ['a name of Object', '{"event":"constructor"}', 'unknown_event'],
    ['__proto__', '{"event":"__proto__"}', 'unknown_event'],
  ])('are answered, and the fourth costs the connection: %s', async (_, bytes, expected) => {
    for (let sent = 1; sent <= 3; sent++) {
      alice.socket.send(bytes);
      expect(await code()).toBe(expected);
    }
    expect(await alice.request('ping')).toMatchObject({ data: 'pong' });
    alice.socket.send(bytes);
    expect(await code()).toBe(expected);
    expect((await alice.next('goodbye')).data).toEqual({
      code: 4400,
      reason: 'bad messages',
      reconnect: false,
    });
    await alice.expectClosed(4400);
  });

  it('are all forgiven after a minute without one', async () => {
    for (let round = 0; round < 3; round++) {
      for (let sent = 1; sent <= 3; sent++) alice.send('unknown');
      await testbed.settle();
      await testbed.advance(60_001);
    }
    expect(await alice.request('ping')).toMatchObject({ data: 'pong' });
  });

  it('are not forgiven while they keep coming', async () => {
    for (let sent = 1; sent <= 4; sent++) {
      alice.send('unknown');
      await testbed.settle();
      await testbed.advance(59_000);
    }
    await alice.expectClosed(4400);
  });

  it('keep their id', async () => {
    expect(await alice.request('unknown')).toMatchObject({
      event: 'exception',
      data: { code: 'unknown_event' },
    });
  });

  it.each(CONTROL)(
    'never reach an interceptor when they are of the control lane: %s',
    async (event) => {
      alice.send('ping', 'seen');
      const reply = await alice.request(event, []);
      expect(reply).toMatchObject({ event: 'exception', data: { code: 'bad_message' } });
      await alice.request('ping', 'seen too');
      expect(intercepted).toEqual(['seen', 'seen too']);
    },
  );

  it('of one connection do not count for another', async () => {
    const bob = await testbed.connectAs();
    for (let sent = 1; sent <= 3; sent++) alice.send('unknown');
    for (let sent = 1; sent <= 3; sent++) bob.send('unknown');
    await testbed.settle();
    expect(await alice.request('ping')).toMatchObject({ data: 'pong' });
    expect(await bob.request('ping')).toMatchObject({ data: 'pong' });
  });
});
