import { SubscribeMessage } from '@nestjs/websockets';
import { type RoomConnection, RoomGateway } from 'nestjs-roomgate';
import { createRoomgateTestbed } from 'nestjs-roomgate/testing';
import { Deferred } from '../support/deferred.js';

const log: string[] = [];
let parent = new Deferred();
let child = new Deferred();

@RoomGateway('/:room')
class ParentGateway {
  async handleConnection(_connection: RoomConnection): Promise<void> {
    await parent.promise;
    log.push('parent');
  }

  @SubscribeMessage('run')
  run(): string {
    log.push('run');
    return 'done';
  }
}

@RoomGateway('/:room')
class DecoratedChild extends ParentGateway {
  override async handleConnection(connection: RoomConnection): Promise<void> {
    await super.handleConnection(connection);
    await child.promise;
    log.push('child');
  }
}

/** Inherits the decorator of its parent as metadata, but not what it did to the hooks. */
class PlainChild extends ParentGateway {
  override async handleConnection(): Promise<void> {
    await child.promise;
    log.push('child');
  }

  handleDisconnect(): never {
    throw new Error('canary');
  }
}

@RoomGateway('/:room')
class HeirOfTheHook extends ParentGateway {}

describe('The hooks of a gateway class that extends another', () => {
  beforeEach(() => {
    log.length = 0;
    parent = new Deferred();
    child = new Deferred();
  });

  it.each<[string, new () => ParentGateway, string[]]>([
    ['calls the hook of its parent', DecoratedChild, ['parent', 'child', 'run']],
    ['has no decorator of its own', PlainChild, ['child', 'run']],
    ['has no hook of its own', HeirOfTheHook, ['parent', 'run']],
  ])('open the inbox when all is done, also one that %s', async (_, gateway, order) => {
    const testbed = await createRoomgateTestbed({ providers: [gateway] });
    const alice = await testbed.connectAs();
    const reply = alice.request('run');
    parent.resolve();
    await testbed.settle();
    expect(log).toEqual(order.includes('child') ? order.slice(0, -2) : order);
    child.resolve();
    expect(await reply).toMatchObject({ data: 'done' });
    expect(log).toEqual(order);
    await testbed.close();
  });

  it.each<[string, new () => ParentGateway]>([
    ['calls the hook of its parent', DecoratedChild],
    ['has no decorator of its own', PlainChild],
    ['has no hook of its own', HeirOfTheHook],
  ])(
    'cost the connection and nothing else when they fail, also in one that %s',
    async (_, gateway) => {
      const testbed = await createRoomgateTestbed({ providers: [gateway] });
      const alice = await testbed.connectAs();
      parent.reject(new Error('canary'));
      child.reject(new Error('canary'));
      await Promise.allSettled([parent.promise, child.promise]);
      await alice.expectClosed(1011);
      expect(log).toEqual([]);
      await testbed.close();
    },
  );
});
