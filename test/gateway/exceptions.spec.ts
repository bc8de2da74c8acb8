import {
  BadGatewayException,
  BadRequestException,
  ForbiddenException,
  HttpException,
  NotFoundException,
  type PipeTransform,
  UnauthorizedException,
  UnprocessableEntityException,
} from '@nestjs/common';
import { MessageBody, SubscribeMessage, WsException } from '@nestjs/websockets';
import { ParseRoomIdPipe, RoomGateway, RoomgateError } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';

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
  'bad request': () => new BadRequestException(CANARY),
  unauthorized: () => new UnauthorizedException(CANARY),
  forbidden: () => new ForbiddenException(CANARY),
  'not found': () => new NotFoundException(CANARY),
  unprocessable: () => new UnprocessableEntityException(CANARY),
  'too many': () => new HttpException(CANARY, 429),
  teapot: () => new HttpException(CANARY, 418),
  'bad gateway': () => new BadGatewayException(CANARY),
  'not a member': () => new RoomgateError('not_a_member', CANARY),
  'engine unavailable': () => new RoomgateError('engine_unavailable', CANARY),
  'options error': () => new RoomgateError('invalid_options', CANARY),
  error: () => new TypeError(CANARY),
  string: () => CANARY,
  undefined: () => undefined,
  'an object with a code': () => ({ code: 'forbidden', message: CANARY }),
};

class StrictPipe implements PipeTransform {
  transform(value: unknown): never {
    throw new BadRequestException(`Not valid: ${JSON.stringify(value)}`);
  }
}

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

  @SubscribeMessage('pipe')
  pipe(@MessageBody(StrictPipe) data: unknown): unknown {
    return data;
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
    testbed = await createRoomgateTestbed({ providers: [ThrowingGateway] });
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
    ['nothing in a WsException', 'internal', ''],
    ['bad request', 'bad_request', ''],
    ['unauthorized', 'forbidden', ''],
    ['forbidden', 'forbidden', ''],
    ['not found', 'not_found', ''],
    ['unprocessable', 'bad_request', ''],
    ['too many', 'rate_limited', ''],
    ['teapot', 'rejected', ''],
    ['bad gateway', 'internal', ''],
    ['not a member', 'not_a_member', ''],
    ['engine unavailable', 'engine_unavailable', ''],
    ['options error', 'internal', ''],
    ['error', 'internal', ''],
    ['string', 'internal', ''],
    ['undefined', 'internal', ''],
    ['an object with a code', 'internal', ''],
  ])(
    'is answered with a code and a text of ours or of a WsException: %s',
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

  it('says what is temporary', async () => {
    expect((await alice.request('throw', 'too many')).data).toMatchObject({ temporary: true });
    expect((await alice.request('throw', 'forbidden')).data).toMatchObject({ temporary: false });
  });

  it('never repeats what the client sent, whatever a pipe says', async () => {
    expect((await alice.request('pipe', { password: CANARY })).data).toMatchObject({
      code: 'bad_request',
    });
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
