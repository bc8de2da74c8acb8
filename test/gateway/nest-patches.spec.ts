import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { type RoomConnection, RoomGateway } from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';
import { Deferred } from '../support/deferred.js';
import { nodeOf } from '../support/node-of.js';

const log: string[] = [];
/** What the hooks of a subject do, by `gateway subject`. */
const HOOKS: Record<string, (connection: RoomConnection) => unknown> = {};
const run = (hook: string, connection: RoomConnection): unknown => {
  log.push(`${hook} ${connection.principal.subject}`);
  return HOOKS[`${hook} ${connection.principal.subject}`]?.(connection);
};

@RoomGateway('/:room')
class FirstGateway {
  handleConnection(connection: RoomConnection): unknown {
    return run('first', connection);
  }

  handleDisconnect(connection: RoomConnection, code: number): unknown {
    log.push(`code ${code}`);
    return run('gone', connection);
  }

  @SubscribeMessage('one')
  one(@MessageBody() data: unknown): unknown {
    log.push('one');
    return data;
  }
}

@RoomGateway('/:room')
class SecondGateway {
  async handleConnection(connection: RoomConnection): Promise<void> {
    await run('second', connection);
  }

  @SubscribeMessage('two')
  two(@MessageBody() data: unknown): unknown {
    log.push('two');
    return data;
  }
}

describe('Two gateways with hooks on one path', () => {
  let testbed: RoomgateTestbed;

  beforeAll(async () => {
    testbed = await createRoomgateTestbed({
      roomgate: { roomIdleMs: 0 },
      providers: [FirstGateway, SecondGateway],
    });
  });
  beforeEach(() => {
    log.length = 0;
    for (const name of Object.keys(HOOKS)) delete HOOKS[name];
  });
  afterAll(() => testbed.close());

  it('are both told once, with the principal and the room, before any message', async () => {
    const [first, second] = [new Deferred(), new Deferred()];
    HOOKS['first alice'] = () => first.promise;
    HOOKS['second alice'] = (connection) => {
      expect([
        connection.roomName,
        nodeOf(testbed).registry.get(connection.id)?.memberships.length,
      ]).toEqual(['default', 1]);
      return second.promise;
    };
    const alice = await testbed.connectAs();
    const replies = [alice.request('one', 1), alice.request('two', 2)];
    await testbed.settle();
    second.resolve();
    await testbed.settle();
    expect(log.toSorted()).toEqual(['first alice', 'second alice']);
    first.resolve();
    expect((await Promise.all(replies)).map(({ data }) => data as number)).toEqual([1, 2]);
    expect(log.slice(2)).toEqual(['one', 'two']);
  });

  it('are told each connection once, whoever comes in between', async () => {
    const alice = await testbed.connectAs();
    const bob = await testbed.connectAs({ sub: 'bob' });
    await Promise.all([alice.close(), bob.close()]);
    await testbed.settle();
    expect(log.toSorted()).toEqual(
      ['first', 'second', 'gone']
        .flatMap((hook) => [`${hook} alice`, `${hook} bob`])
        .concat('code 1000', 'code 1000')
        .toSorted(),
    );
  });

  it.each<[string, () => unknown]>([
    ['first', () => Promise.reject(new Error('canary'))],
    ['second', () => Promise.reject(new Error('canary'))],
    [
      'first',
      () => {
        throw new Error('canary');
      },
    ],
    ['second', () => Promise.reject(undefined as unknown as Error)],
  ])('cost only the one connection when the %s one fails', async (hook, fail) => {
    HOOKS[`${hook} mallory`] = fail;
    const alice = await testbed.connectAs();
    const mallory = await testbed.connectAs({ sub: 'mallory' });
    mallory.send('one', 1);
    expect((await mallory.next()).data).toMatchObject({ code: 1011, reconnect: true });
    await mallory.expectClosed(1011);
    expect(log).not.toContain('one');
    expect(await alice.request('one', 1)).toMatchObject({ data: 1 });
  });

  it('cost only the one connection when one never settles', async () => {
    HOOKS['second mallory'] = () => new Promise(() => {});
    const alice = await testbed.connectAs();
    const mallory = await testbed.connectAs({ sub: 'mallory' });
    mallory.send('one', 1);
    await testbed.advance(29_999);
    expect(mallory.waiting).toEqual([]);
    await testbed.advance(251);
    await mallory.expectClosed(1011);
    expect(log).not.toContain('one');
    expect(await alice.request('one', 1)).toMatchObject({ data: 1 });
  });

  it('may close, speak and leave at once', async () => {
    HOOKS['first mallory'] = (connection) => {
      connection.send('welcome', 1);
      connection.close(4001, 'not today');
    };
    const mallory = await testbed.connectAs({ sub: 'mallory' });
    mallory.send('one', 1);
    expect(await mallory.next()).toEqual({ event: 'welcome', data: 1 });
    expect(await mallory.expectClosed(4001)).toEqual({ code: 4001, reason: 'not today' });
    await testbed.settle();
    expect(log.slice(0, 2).toSorted()).toEqual(['first mallory', 'second mallory']);
    expect(log.slice(2)).toEqual(['code 4001', 'gone mallory']);
  });

  it('may fail when a connection is gone, and may not speak to it any more', async () => {
    const sent: boolean[] = [];
    HOOKS['gone eve'] = (connection) => {
      sent.push(connection.send('late'));
      connection.close();
      throw new Error('canary');
    };
    const eve = await testbed.connectAs({ sub: 'eve' });
    await eve.close(4321);
    await testbed.settle();
    expect([sent, log.includes('code 4321')]).toEqual([[false], true]);
    const { registry, memberships, wheel, wallWheel } = nodeOf(testbed);
    expect(await testbed.connectAs({ sub: 'bob' })).toBeDefined();
    expect([...registry.all()].some(({ principal }) => principal.subject === 'eve')).toBe(false);
    expect(memberships.size).toBe(registry.size);
    expect([wheel.size, wallWheel.size]).toEqual([0, registry.size]);
  });
});
