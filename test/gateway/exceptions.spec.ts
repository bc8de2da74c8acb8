import {
  BadGatewayException,
  BadRequestException,
  ForbiddenException,
  HttpException,
  NotFoundException,
  RequestTimeoutException,
  UnauthorizedException,
  UnprocessableEntityException,
} from '@nestjs/common';
import { MessageBody, SubscribeMessage, WsException } from '@nestjs/websockets';
import { TimeoutError } from 'rxjs';
import { ParseRoomIdPipe, RoomGateway, RoomgateError } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';

import { setEnv } from '../support/env.js';

const CANARY = 'canary-4711';

const THROWN: Record<string, () => unknown> = {
  text: () => new WsException('Not today'),
  object: () =>
    new WsException({
      code: 'too_late',
      message: 'Try again',
      temporary: true,
      retryAfterMs: 5,
      secret: CANARY,
    }),
  'odd object': () =>
    new WsException({ code: 7, message: { secret: CANARY }, temporary: 'yes', retryAfterMs: '5' }),
  'nothing in a WsException': () => new WsException(undefined as never),
  'a list in a WsException': () => new WsException([{ property: CANARY, value: CANARY }]),
  'a list in the message of a WsException': () => new WsException({ message: [CANARY] }),
  'a long WsException': () => new WsException('€'.repeat(100)),
  'bad request': () => new BadRequestException('no such size'),
  unauthorized: () => new UnauthorizedException('log in first'),
  forbidden: () => new ForbiddenException('only admins'),
  'forbidden without words': () => new ForbiddenException(),
  'not found': () => new NotFoundException('no such order'),
  unprocessable: () => new UnprocessableEntityException('sold out'),
  'too many': () => new HttpException('slower, please', 429),
  teapot: () => new HttpException('short and stout', 418),
  'a body of the app': () => new HttpException({ message: CANARY, secret: CANARY }, 400),
  'a cause and options': () =>
    new BadRequestException('no', { cause: new Error(CANARY), description: CANARY }),
  'a list of the app': () => new BadRequestException([`${CANARY} must not be empty`]),
  'bad gateway': () => new BadGatewayException(CANARY),
  'too slow for the interceptor of Nest': () => new RequestTimeoutException(),
  'too slow for the operator of rxjs': () => new TimeoutError(),
  'not a member': () => new RoomgateError('not_a_member', CANARY),
  'engine unavailable': () => new RoomgateError('engine_unavailable', CANARY),
  'options error': () => new RoomgateError('invalid_options', CANARY),
  error: () => new TypeError(CANARY),
  string: () => CANARY,
  undefined: () => undefined,
  'an object with a code': () => ({ code: 'forbidden', message: CANARY }),
};

@RoomGateway('/:room')
class ThrowingGateway {
  @SubscribeMessage('throw')
  throw(@MessageBody() name: string): void {
    throw THROWN[name]?.();
  }

  @SubscribeMessage('reject')
  async reject(@MessageBody() name: string): Promise<void> {
    await Promise.reject(THROWN[name]?.() as Error);
  }

  @SubscribeMessage('status')
  status(@MessageBody() status: number): never {
    throw new HttpException(status < 500 ? 'words' : CANARY, status);
  }

  @SubscribeMessage('room')
  room(@MessageBody(ParseRoomIdPipe) room: string): string {
    return room;
  }
}

describe('An exception of a handler', () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;
  let received = '';

  beforeAll(async () => {
    // As in production, where less is said.
    const restore = setEnv({ NODE_ENV: 'production' });
    testbed = await createRoomgateTestbed({
      providers: [ThrowingGateway],
      roomgate: { allowedHosts: ['testbed'] },
    });
    restore();
    alice = await testbed.connectAs();
    alice.socket.on('message', (bytes) => (received += String(bytes as Buffer)));
  });
  afterEach(() => {
    expect(received).not.toContain(CANARY);
    expect(alice.waiting).toEqual([]);
  });
  afterAll(() => testbed.close());

  it.each<[string, string, string]>([
    ['text', 'rejected', 'Not today'],
    ['object', 'too_late', 'Try again'],
    ['odd object', 'rejected', ''],
    ['nothing in a WsException', 'rejected', ''],
    ['a list in a WsException', 'bad_request', ''],
    ['a list in the message of a WsException', 'bad_request', ''],
    ['a long WsException', 'rejected', '€'.repeat(85)],
    ['bad request', 'bad_request', 'no such size'],
    ['unauthorized', 'forbidden', 'log in first'],
    ['forbidden', 'forbidden', 'only admins'],
    ['forbidden without words', 'forbidden', 'This is not allowed.'],
    ['not found', 'not_found', 'no such order'],
    ['unprocessable', 'bad_request', 'sold out'],
    ['too many', 'rate_limited', 'slower, please'],
    ['teapot', 'rejected', 'short and stout'],
    ['a body of the app', 'bad_request', ''],
    ['a cause and options', 'bad_request', 'no'],
    ['a list of the app', 'bad_request', ''],
    ['bad gateway', 'unavailable', ''],
    ['too slow for the interceptor of Nest', 'handler_timeout', ''],
    ['too slow for the operator of rxjs', 'handler_timeout', ''],
    ['not a member', 'not_a_member', ''],
    ['engine unavailable', 'engine_unavailable', ''],
    ['options error', 'internal', ''],
    ['error', 'internal', ''],
    ['string', 'internal', ''],
    ['undefined', 'internal', ''],
    ['an object with a code', 'internal', ''],
  ])(
    'is answered with a code and a text of ours, of a WsException or of a 4xx HttpException: %s',
    async (name, code, message) => {
      for (const event of ['throw', 'reject']) {
        const { data, ...reply } = await alice.request(event, name);
        expect(reply).toEqual({ event: 'exception', id: expect.any(String) as string });
        expect(data).toMatchObject({ status: 'error', code, ...(message && { message }) });
        expect(typeof (data as { message: unknown }).message).toBe('string');
        alice.send(event, name);
        expect((await alice.next('exception')).data).toEqual(data);
      }
    },
  );

  it('carries of a WsException the named members alone', async () => {
    expect((await alice.request('throw', 'object')).data).toEqual({
      status: 'error',
      code: 'too_late',
      message: 'Try again',
      temporary: true,
      retryAfterMs: 5,
    });
    expect(Object.keys((await alice.request('throw', 'odd object')).data as object)).toEqual([
      'status',
      'code',
      'message',
      'temporary',
    ]);
  });

  // RFC 9110 §15 and the statuses of WebDAV that Nest has exceptions for.
  it.each<[string, boolean, readonly number[]]>([
    ['bad_request', false, [400, 413, 415, 422]],
    ['forbidden', false, [401, 403]],
    ['not_found', false, [404, 410]],
    ['handler_timeout', true, [408, 504]],
    ['unavailable', true, [423, 425, 502, 503, 507]],
    ['rate_limited', true, [429]],
    ['rejected', false, [402, 405, 406, 409, 411, 412, 414, 418, 421, 424, 426, 428, 431, 451]],
    ['internal', false, [500, 501, 505, 508, 511, 399, 600]],
  ])('of an HTTP status becomes %s, temporary: %s', async (code, temporary, statuses) => {
    for (const status of statuses)
      expect({ status, ...(await alice.request('status', status)) }).toMatchObject({
        status,
        data: { code, temporary },
      });
  });

  it('says the text of a status 5xx only in development', async () => {
    const lax = await createRoomgateTestbed({ providers: [ThrowingGateway] });
    const bob = await lax.connectAs();
    expect((await bob.request('throw', 'bad gateway')).data).toMatchObject({
      code: 'unavailable',
      message: CANARY,
    });
    expect((await bob.request('throw', 'error')).data).toMatchObject({
      message: 'Internal error.',
    });
    await lax.close();
  });

  it('never repeats what the client sent', async () => {
    expect((await alice.request('room', CANARY)).data).toMatchObject({ code: 'bad_request' });
    expect((await alice.request(CANARY.replace('canary', 'c'), CANARY)).data).toMatchObject({
      code: 'unknown_event',
    });
  });

  it('is not made of a room id that is one, in whatever case', async () => {
    const id = alice.hello.room;
    expect((await alice.request('room', id.toUpperCase())).data).toBe(id);
  });
});
