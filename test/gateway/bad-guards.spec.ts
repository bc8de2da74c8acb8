import { type CanActivate, UseGuards } from '@nestjs/common';
import { SubscribeMessage } from '@nestjs/websockets';
import { RoomGateway } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { EMPTY, NEVER, of, throwError } from 'rxjs';

const handled: string[] = [];

const guard = (answer: () => unknown): new () => CanActivate =>
  class implements CanActivate {
    canActivate(): boolean {
      return answer() as boolean;
    }
  };

const fail = (): never => {
  throw new Error('canary');
};

class Handlers {
  @UseGuards(guard(fail))
  @SubscribeMessage('throws')
  throws(): void {
    handled.push('throws');
  }

  @UseGuards(guard(() => Promise.reject(new Error('canary'))))
  @SubscribeMessage('rejects')
  rejects(): void {
    handled.push('rejects');
  }

  @UseGuards(guard(() => false))
  @SubscribeMessage('false')
  false(): void {
    handled.push('false');
  }

  @UseGuards(guard(() => undefined))
  @SubscribeMessage('nothing')
  nothing(): void {
    handled.push('nothing');
  }

  @UseGuards(guard(() => EMPTY))
  @SubscribeMessage('empty')
  empty(): void {
    handled.push('empty');
  }

  @UseGuards(guard(() => throwError(fail)))
  @SubscribeMessage('errors')
  errors(): void {
    handled.push('errors');
  }

  @UseGuards(guard(() => of(true)))
  @SubscribeMessage('true')
  true(): string {
    handled.push('true');
    return 'ok';
  }

  @UseGuards(guard(() => new Promise(() => {})))
  @SubscribeMessage('never')
  never(): void {
    handled.push('never');
  }

  @UseGuards(guard(() => NEVER))
  @SubscribeMessage('silent')
  silent(): void {
    handled.push('silent');
  }
}

@RoomGateway('/:room')
class GuardedGateway extends Handlers {}

describe('A guard of the app', () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;

  beforeAll(async () => {
    testbed = await createRoomgateTestbed({ providers: [GuardedGateway] });
    alice = await testbed.connectAs();
  });
  beforeEach(() => (handled.length = 0));
  afterAll(() => testbed.close());

  it.each([
    ['throws', 'internal'],
    ['rejects', 'internal'],
    ['false', 'forbidden'],
    ['nothing', 'forbidden'],
    ['empty', 'internal'],
    ['errors', 'internal'],
  ])(
    'that %s keeps the message out, with one reply, and the connection goes on',
    async (event, code) => {
      expect(await alice.request(event)).toMatchObject({ event: 'exception', data: { code } });
      expect(handled).toEqual([]);
      expect(await alice.request('true')).toMatchObject({ data: 'ok' });
    },
  );

  it.each(['never', 'silent'])(
    'that never answers (%s) holds up its connection for the time of a handler, and opens nothing',
    async (event) => {
      const bob = await testbed.connectAs({ sub: 'bob' });
      const reply = alice.request(event);
      const next = alice.request('true');
      await testbed.settle();
      expect(await bob.request('true')).toMatchObject({ data: 'ok' });
      await testbed.advance(30_250);
      expect(await reply).toMatchObject({ data: { code: 'handler_timeout' } });
      expect(await next).toMatchObject({ data: 'ok' });
      expect(handled).toEqual(['true', 'true']);
      await bob.close();
    },
  );
});
