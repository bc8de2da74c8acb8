import { type LoggerService, UseFilters } from '@nestjs/common';
import { SubscribeMessage } from '@nestjs/websockets';
import { RoomGateway, RoomService, Unordered } from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';

const fail = (): never => {
  throw new Error('canary');
};
const rejects = (): Promise<never> => Promise.reject(new Error('canary'));

/** Boot is over, where a logger that throws is found out. */
let isUp = false;
const failWhenUp = (): void => {
  if (isUp) fail();
};

class ThrowingLogger implements LoggerService {
  log = failWhenUp;
  error = failWhenUp;
  warn = failWhenUp;
  debug = failWhenUp;
  verbose = failWhenUp;
}

@RoomGateway('/:room')
class FailingGateway {
  static admits = true;

  handleConnection(): void {
    if (!FailingGateway.admits) fail();
  }

  @SubscribeMessage('fails')
  fails(): void {
    fail();
  }

  @Unordered()
  @UseFilters({ catch: fail })
  @SubscribeMessage('fails beside')
  beside(): void {
    fail();
  }

  @UseFilters({ catch: rejects })
  @SubscribeMessage('fails twice')
  twice(): void {
    fail();
  }

  @SubscribeMessage('unsent')
  unsent(): string {
    return 'nobody gets this';
  }
}

describe('A logger that throws', () => {
  let testbed: RoomgateTestbed;

  beforeAll(async () => {
    testbed = await createRoomgateTestbed({
      providers: [FailingGateway],
      configure: (app) => app.useLogger(new ThrowingLogger()),
    });
    testbed.get(RoomService).listen({ onJoin: fail, onLeave: rejects });
    isUp = true;
  });
  afterAll(async () => {
    isUp = false;
    await testbed.close();
  });

  it('changes nothing about what fails', async () => {
    const alice = await testbed.connectAs();
    for (const event of ['fails', 'fails beside', 'fails twice'])
      expect((await alice.request(event)).data).toMatchObject({ code: 'internal' });
    alice.send('unsent');
    expect((await alice.request('fails')).event).toBe('exception');
    FailingGateway.admits = false;
    const bob = await testbed.connectAs();
    await bob.expectClosed(1011);
    await testbed.expectRefused(401, 'no_token');
    expect((await alice.request('fails')).event).toBe('exception');
    await alice.close();
  });
});
