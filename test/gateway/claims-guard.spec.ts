import { type CanActivate, type ExecutionContext, Injectable, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { SubscribeMessage } from '@nestjs/websockets';
import { ClaimsGuard, type Principal, type RoomConnection, RoomGateway } from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';

const seen: string[] = [];
const clients: Pick<RoomConnection, 'user' | 'ip' | 'headers'>[] = [];

const guard = (name: string): new () => CanActivate =>
  class implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      seen.push(name);
      clients.push(context.switchToWs().getClient());
      return true;
    }
  };

@Injectable()
class WatchedGuard extends ClaimsGuard {
  override canActivate(context: ExecutionContext): boolean {
    seen.push('ClaimsGuard');
    return super.canActivate(context);
  }

  protected override requireClaims(principal: Principal): void {
    if (principal.claims['plan'] !== 'pro')
      super.requireClaims(principal, { scopes: ['x'], claims: [] });
  }
}

class Base {
  @UseGuards(guard('method'))
  @SubscribeMessage('ping')
  ping(): string {
    return 'pong';
  }
}

@UseGuards(guard('class'))
@RoomGateway('/a/:room', { rooms: 'a', guard: WatchedGuard })
class GuardsAbove extends Base {}

@RoomGateway('/b/:room', { rooms: 'b', guard: WatchedGuard })
@UseGuards(guard('class'))
class GuardsBelow extends Base {}

@RoomGateway('/c/:room', { rooms: 'c', guard: WatchedGuard })
class Heir extends GuardsAbove {}

const ROOM = '0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b';

describe('ClaimsGuard', () => {
  let testbed: RoomgateTestbed;

  beforeAll(async () => {
    testbed = await createRoomgateTestbed({
      providers: [
        GuardsAbove,
        GuardsBelow,
        Heir,
        { provide: APP_GUARD, useClass: guard('APP_GUARD') },
      ],
      configure: (app) => app.useGlobalGuards(new (guard('global'))()),
    });
  });
  beforeEach(() => {
    seen.length = 0;
    clients.length = 0;
  });
  afterAll(() => testbed.close());

  it.each(['a', 'b', 'c'])(
    'runs once, after the global guards and before those of class and method: /%s',
    async (path) => {
      const alice = await testbed.connectAs({
        rooms: [ROOM],
        path: `/${path}/${ROOM}`,
        claims: { plan: 'pro' },
      });
      expect(await alice.request('ping')).toMatchObject({ event: 'ack', data: 'pong' });
      expect(seen.filter((name) => name !== 'global' && name !== 'APP_GUARD')).toEqual([
        'ClaimsGuard',
        'class',
        'method',
      ]);
      expect(seen.slice(0, 2).toSorted()).toEqual(['APP_GUARD', 'global']);
    },
  );

  it('is replaced by the subclass that the gateway names, step by step', async () => {
    const alice = await testbed.connectAs({ rooms: [ROOM], path: `/a/${ROOM}` });
    expect((await alice.request('ping')).data).toMatchObject({ code: 'insufficient_scope' });
    expect(seen).not.toContain('class');
  });

  it('leaves other guards the user, the address and the headers, but no credential', async () => {
    const alice = await testbed.connectAs({
      sub: 'alice',
      rooms: [ROOM],
      path: `/a/${ROOM}`,
      claims: { plan: 'pro' },
      headers: { 'user-agent': 'me', cookie: 'sid=canary', 'x-other': 'canary' },
    });
    await alice.request('ping');
    expect(clients.length).toBeGreaterThan(3);
    for (const { user, headers } of clients) {
      expect(user).toMatchObject({ subject: 'alice', scopes: [] });
      expect(Object.isFrozen(user.claims)).toBe(true);
      expect(headers).toEqual({ 'user-agent': 'me' });
    }
    expect(clients.every((client) => 'ip' in client)).toBe(true);
  });

  it('lets nobody through whom RoomgateAdapter did not admit', () => {
    const context = { getArgs: () => [{ user: {} }, undefined, {}] } as unknown as ExecutionContext;
    expect(() => new ClaimsGuard().canActivate(context)).toThrow('did not admit');
  });
});
