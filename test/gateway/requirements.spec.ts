import { SubscribeMessage } from '@nestjs/websockets';
import { RequireClaims, RequireScope, RoomGateway } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type ConnectRequest,
  type RoomgateTestbed,
} from 'nestjs-roomgate/testing';
import { ReadersPolicy } from '../support/policies.js';

@RequireScope('base')
class Base {
  @SubscribeMessage('inherited')
  inherited(): string {
    return 'ok';
  }
}

@RequireScope('class')
@RequireClaims((claims) => claims['team'] === 'red')
@RoomGateway('/:room', { policy: ReadersPolicy })
class GuardedGateway extends Base {
  @SubscribeMessage('plain')
  plain(): string {
    return 'ok';
  }

  @RequireScope('one', 'two')
  @SubscribeMessage('both')
  both(): string {
    return 'ok';
  }

  @RequireScope('one')
  @RequireScope('two')
  @SubscribeMessage('stacked')
  stacked(): string {
    return 'ok';
  }

  @RequireClaims(() => true, () => 'yes' as unknown as boolean)
  @SubscribeMessage('truthy')
  truthy(): string {
    return 'ok';
  }

  @RequireClaims(() => {
    throw new TypeError('canary');
  })
  @SubscribeMessage('throwing')
  throwing(): string {
    return 'ok';
  }
}

const ALL = { scope: 'base class', claims: { team: 'red' } };

describe('What class and handler require', () => {
  let testbed: RoomgateTestbed;

  beforeAll(async () => {
    testbed = await createRoomgateTestbed({ providers: [GuardedGateway, ReadersPolicy] });
  });
  afterAll(() => testbed.close());

  it.each<[string, ConnectRequest, string]>([
    ['plain', ALL, 'ok'],
    ['plain', { ...ALL, scope: 'class' }, 'insufficient_scope'],
    ['plain', { ...ALL, scope: 'base' }, 'insufficient_scope'],
    ['plain', { ...ALL, scope: 'base classy xclass' }, 'insufficient_scope'],
    ['plain', { ...ALL, claims: { team: 'blue' } }, 'insufficient_claims'],
    ['plain', { ...ALL, claims: {} }, 'insufficient_claims'],
    ['inherited', ALL, 'ok'],
    ['both', ALL, 'insufficient_scope'],
    ['both', { ...ALL, scope: 'base class one' }, 'insufficient_scope'],
    ['both', { ...ALL, scope: 'base class one two' }, 'ok'],
    ['both', { ...ALL, scope: 'base one two' }, 'insufficient_scope'],
    ['stacked', { ...ALL, scope: 'base class one' }, 'insufficient_scope'],
    ['stacked', { ...ALL, scope: 'base class two' }, 'insufficient_scope'],
    ['stacked', { ...ALL, scope: 'base class one two' }, 'ok'],
    ['truthy', ALL, 'insufficient_claims'],
    ['throwing', ALL, 'internal'],
    ['plain', { ...ALL, sub: 'reader' }, 'publish_forbidden'],
  ])('is required together: %s as %j is %s', async (event, request, outcome) => {
    const alice = await testbed.connectAs(request);
    const reply = await alice.request(event);
    if (outcome === 'ok') expect(reply).toMatchObject({ event: 'ack', data: 'ok' });
    else expect(reply).toMatchObject({ event: 'exception', data: { code: outcome } });
    await alice.close();
  });

  it('is asked of members alone: a message may not name a room that its sender is not in', async () => {
    const alice = await testbed.connectAs(ALL);
    const bob = await testbed.connectAs(ALL);
    const say = (room: unknown): void =>
      alice.socket.send(JSON.stringify({ event: 'plain', id: 1, room }));
    say(alice.hello.room.toUpperCase());
    expect(await alice.next()).toMatchObject({ event: 'ack' });
    say(bob.hello.room);
    expect(await alice.next()).toMatchObject({ data: { code: 'not_a_member' } });
    say('lobby');
    expect(await alice.next()).toMatchObject({ data: { code: 'bad_message' } });
  });

  it.each([[[]], [['a b']], [['']], [['a"b']], [['ä']]])(
    'refuses what is no scope: %j',
    (scopes) => {
      expect(() => RequireScope(...(scopes as string[]))).toThrow('@RequireScope');
    },
  );
});
