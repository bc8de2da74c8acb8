import {
  type CanActivate,
  type ExecutionContext,
  Controller,
  Get,
  Injectable,
  type PipeTransform,
  UnauthorizedException,
} from '@nestjs/common';
import { APP_GUARD, APP_PIPE } from '@nestjs/core';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { RoomGateway } from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';

let handled = 0;

@RoomGateway('/:room')
class PingGateway {
  @SubscribeMessage('ping')
  ping(@MessageBody() data: unknown): unknown {
    handled += 1;
    return data;
  }
}

@Controller('status')
class StatusController {
  @Get()
  status(): string {
    return 'fine';
  }
}

/** What HTTP apps have: it reads a request and sets its user. */
@Injectable()
class AuthGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.getType() === 'ws') return true;
    const request = context
      .switchToHttp()
      .getRequest<{ headers: Record<string, string>; user?: unknown }>();
    if (!request.headers['authorization']) throw new UnauthorizedException();
    request.user = {};
    return true;
  }
}

/** The same one without the line for messages. */
@Injectable()
class ForgetfulAuthGuard extends AuthGuard {
  override canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    if (!request.headers['authorization']) throw new UnauthorizedException('canary');
    return true;
  }
}

class Shout implements PipeTransform {
  transform(value: unknown): unknown {
    return typeof value === 'string' ? value.toUpperCase() : value;
  }
}

describe('Global parts of the host app', () => {
  let testbed: RoomgateTestbed;
  beforeEach(() => (handled = 0));
  afterEach(() => testbed.close());

  const get = async (headers = {}): Promise<number> =>
    (await fetch(`${await testbed.app.getUrl()}/status`, { headers })).status;

  it('let messages pass an HTTP-style AuthGuard that knows of them', async () => {
    testbed = await createRoomgateTestbed({
      providers: [PingGateway, { provide: APP_GUARD, useClass: AuthGuard }],
      controllers: [StatusController],
    });
    const alice = await testbed.connectAs();
    expect(await alice.request('ping', 1)).toMatchObject({ event: 'ack', data: 1 });
    await testbed.app.listen(0, '127.0.0.1');
    expect([await get(), await get({ authorization: 'Bearer x' })]).toEqual([401, 200]);
  });

  it('keep every message out when they forget them: closed, answered and alive', async () => {
    testbed = await createRoomgateTestbed({
      providers: [PingGateway, { provide: APP_GUARD, useClass: ForgetfulAuthGuard }],
    });
    const alice = await testbed.connectAs();
    for (let sent = 0; sent < 3; sent++)
      expect(await alice.request('ping', 1)).toMatchObject({ data: { code: 'forbidden' } });
    expect(handled).toBe(0);
  });

  it('pipe the data of messages', async () => {
    testbed = await createRoomgateTestbed({
      providers: [PingGateway, { provide: APP_PIPE, useClass: Shout }],
    });
    const alice = await testbed.connectAs();
    expect(await alice.request('ping', 'hi')).toMatchObject({ data: 'HI' });
  });
});
