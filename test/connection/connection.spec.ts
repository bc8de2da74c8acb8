import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import {
  CLOSE_CODES,
  CurrentConnection,
  type RoomConnection,
  RoomGateway,
  RoomService,
} from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { caught } from '../support/caught.js';
import { serverEnd } from '../support/node-of.js';

@RoomGateway('/:room')
class ClosingGateway {
  @SubscribeMessage('close')
  close(@CurrentConnection() connection: RoomConnection, @MessageBody() code: number): string {
    connection.send('first', 1);
    connection.close(code, 'enough');
    connection.send('late', 2);
    return 'late too';
  }

  @SubscribeMessage('flood')
  flood(@CurrentConnection() connection: RoomConnection): void {
    for (let n = 0; n < 2_000; n++) connection.send('flood', 'x'.repeat(1_000));
  }

  @SubscribeMessage('wait')
  wait(): Promise<never> {
    return new Promise(() => {});
  }
}

describe('RoomConnection', () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;
  let connection: ReturnType<typeof serverEnd>;

  beforeAll(async () => {
    testbed = await createRoomgateTestbed({ providers: [ClosingGateway] });
  });
  beforeEach(async () => {
    alice = await testbed.connectAs({ claims: { plan: 'pro' } });
    connection = serverEnd(testbed, alice);
  });
  afterEach(() => alice.socket.terminate());
  afterAll(() => testbed.close());

  it('says who it is, and its principal cannot be changed', () => {
    expect(connection).toMatchObject({
      id: alice.hello.connectionId,
      roomId: alice.hello.room,
      roomName: 'default',
      isOpen: true,
    });
    expect(connection.user).toBe(connection.principal);
    expect(connection.principal).toMatchObject({ subject: 'alice', issuer: 'https://issuer.test' });
    expect(
      caught(() => Object.assign(connection.principal.claims, { plan: 'free' })),
    ).toBeInstanceOf(TypeError);
  });

  it('keeps what the application stores in its data, for each connection apart', async () => {
    connection.data['cursor'] = 7;
    const bob = await testbed.connectAs({ sub: 'bob' });
    expect([connection.data, serverEnd(testbed, bob).data]).toEqual([{ cursor: 7 }, {}]);
    bob.socket.terminate();
  });

  it('sends an event to its client alone', async () => {
    expect(connection.send('mail', { n: 1 })).toBe(true);
    expect(await alice.next()).toEqual({ event: 'mail', data: { n: 1 } });
  });

  it.each(['ack', 'hello', 'goodbye', 'exception', 'room.join'])(
    'does not send the reserved event %s',
    (event) => {
      expect(caught(() => connection.send(event))).toMatchObject({ code: 'reserved_event' });
      if (event !== 'exception')
        expect(caught(() => connection.emit(event))).toMatchObject({ code: 'reserved_event' });
    },
  );

  it('sends an exception for the filters of Nest, without what caused it', async () => {
    expect(connection.emit('exception', { message: 'no', cause: { data: 'canary' } })).toBe(true);
    expect(connection.emit('exception')).toBe(true);
    expect(connection.emit('mail', 1)).toBe(true);
    expect(await alice.next()).toEqual({ event: 'exception', data: { message: 'no' } });
    expect(await alice.next()).toEqual({ event: 'exception', data: {} });
    expect(await alice.next()).toEqual({ event: 'mail', data: 1 });
  });

  it.each([1000, 4000, 4999])(
    'closes with %d after all that was sent, and says nothing more',
    async (code) => {
      alice.send('close', code, 1);
      expect(await alice.expectClosed(code)).toEqual({ code, reason: 'enough' });
      expect(alice.waiting).toEqual([{ event: 'first', data: 1 }]);
      expect([connection.isOpen, connection.isLive(), connection.send('late')]).toEqual([
        false,
        false,
        false,
      ]);
      connection.close();
    },
  );

  it.each([0, 999, 1001, 1005, 1006, 1011, 3000, 3999, 5000, 4000.5, NaN])(
    'does not close with %d',
    (code) => {
      expect(caught(() => connection.close(code))).toBeInstanceOf(RangeError);
      expect(connection.isOpen).toBe(true);
    },
  );

  it('cuts a reason that is too long', async () => {
    connection.close(4000, '漢'.repeat(100));
    expect((await alice.expectClosed(4000)).reason).toBe('漢'.repeat(41));
  });

  it('is closed once, with 4413, when its reader takes nothing for long, and gets a goodbye instead of the rest', async () => {
    alice.socket.pause();
    alice.send('flood');
    await testbed.settle();
    for (let n = 0; n < 20; n++)
      void testbed.get(RoomService).room(alice.hello.room).broadcast('more');
    await testbed.settle();
    expect(connection.outbox.backlogBytes).toBeLessThanOrEqual(1_048_576);
    await testbed.advance(29_000);
    expect(connection.isOpen).toBe(true);
    await testbed.advance(1_250);
    expect(connection.isOpen).toBe(false);
    alice.socket.resume();
    const { code } = CLOSE_CODES.slowConsumer;
    await alice.expectClosed(code);
    const events = alice.waiting.map(({ event }) => event);
    expect(events.filter((event) => event === 'goodbye')).toHaveLength(1);
    expect(events.at(-1)).toBe('goodbye');
    expect(events.length).toBeLessThan(70);
  });

  it('is read to its end although its inbox was full when it was closed', async () => {
    for (let n = 0; n < 100; n++) alice.send('wait');
    await testbed.settle();
    connection.close(4000);
    await alice.expectClosed(4000);
    await testbed.settle();
    expect(caught(() => serverEnd(testbed, alice))).toBeInstanceOf(Error);
  });
});
