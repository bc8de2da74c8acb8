import { SubscribeMessage } from '@nestjs/websockets';
import {
  MessageSignal,
  RequireScope,
  RoomGateway,
  RoomgateError,
  RoomService,
} from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { Observable } from 'rxjs';
import { Deferred } from '../support/deferred.js';
import { banned, GatedPolicy, resetSeams } from '../support/gated-seams.js';
import { OTHER_ROOM, ROOM } from '../support/live-room.js';
import { serverEnd } from '../support/node-of.js';

let open = 0;
let emit = (_value: unknown): void => {};
let answer = new Deferred<unknown>();
const aborts: string[] = [];
const note = (signal: AbortSignal): void =>
  signal.addEventListener('abort', () => {
    const reason: unknown = signal.reason;
    aborts.push(reason instanceof RoomgateError ? reason.code : 'something else');
  });

@RoomGateway('/:room', { policy: GatedPolicy })
class WatchingGateway {
  @RequireScope('watch')
  @SubscribeMessage('watch')
  watch(@MessageSignal() signal: AbortSignal): Observable<unknown> {
    note(signal);
    return new Observable((subscriber) => {
      open += 1;
      emit = (value) => subscriber.next(value);
      subscriber.next({ event: 'tick', data: 0 });
      return () => (open -= 1);
    });
  }

  @RequireScope('watch')
  @SubscribeMessage('ask')
  async ask(@MessageSignal() signal: AbortSignal): Promise<unknown> {
    note(signal);
    return answer.promise;
  }

  @SubscribeMessage('fetch')
  fetch(@MessageSignal() signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  }

  @SubscribeMessage('ask without a signal')
  async askWithout(): Promise<unknown> {
    return answer.promise;
  }

  @SubscribeMessage('plain')
  plain(): string {
    return 'yes';
  }
}

describe('A right that ends', () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;
  const refuse = async (room = OTHER_ROOM): Promise<unknown> => {
    banned.add(`alice ${room}`);
    return testbed.get(RoomService).room(room).reauthorize();
  };
  const refresh = (scope: string): Promise<unknown> =>
    alice.request('auth.refresh', {
      token: testbed.mint({ sub: 'alice', rooms: [ROOM, OTHER_ROOM], scope }),
    });
  const events = (): string[] => alice.waiting.map(({ event }) => event);
  const exception = (id: number, code: string): unknown => ({
    event: 'exception',
    id,
    data: expect.objectContaining({ code }) as unknown,
  });

  beforeEach(async () => {
    resetSeams();
    [open, answer, aborts.length] = [0, new Deferred(), 0];
    testbed = await createRoomgateTestbed({ providers: [WatchingGateway, GatedPolicy] });
    alice = await testbed.connectAs({
      sub: 'alice',
      rooms: [ROOM, OTHER_ROOM],
      scope: 'watch',
      ttlMs: 60_000,
    });
    await alice.request('room.join', { room: OTHER_ROOM });
  });
  afterEach(async () => {
    resetSeams();
    await testbed.close();
  });

  it('ends the stream of the room that is lost, and says so', async () => {
    alice.send('watch', undefined, 1, { room: OTHER_ROOM });
    await alice.next('tick');
    await refuse();
    emit({ event: 'tick', data: 'secret' });
    await testbed.settle();
    expect([open, aborts]).toEqual([0, ['right_lost']]);
    expect(alice.waiting).toContainEqual(exception(1, 'not_a_member'));
    expect(events()).toEqual(expect.arrayContaining(['exception', 'room.left']));
    expect(events()).not.toContain('tick');
    expect(await alice.request('plain')).toMatchObject({ event: 'ack' });
  });

  it('leaves the stream of another room alone', async () => {
    alice.send('watch', undefined, 1);
    await alice.next('tick');
    await refuse();
    emit({ event: 'tick', data: 1 });
    expect(await alice.next('tick')).toMatchObject({ data: 1 });
    expect([open, aborts]).toEqual([1, []]);
  });

  it.each<[string, unknown]>([
    ['{ event, data }', { event: 'answer', data: 'secret' }],
    ['a value', 'secret'],
    ['nothing', undefined],
  ])(
    'answers a request that was being handled with an exception instead of %s',
    async (_, value) => {
      alice.send('ask', undefined, 1, { room: OTHER_ROOM });
      await testbed.settle();
      await refuse();
      answer.resolve(value);
      await testbed.settle();
      expect(aborts).toEqual(['right_lost']);
      expect(alice.waiting.filter(({ id }) => id === 1)).toEqual([exception(1, 'not_a_member')]);
      expect(JSON.stringify(alice.waiting)).not.toContain('secret');
    },
  );

  it('answers so also for a handler that takes no signal, whatever was sent meanwhile', async () => {
    alice.send('ask without a signal', undefined, 1, { room: OTHER_ROOM });
    await testbed.settle();
    await refuse();
    serverEnd(testbed, alice).send('more');
    await testbed.settle();
    answer.resolve({ event: 'answer', data: 'secret' });
    await testbed.settle();
    expect(alice.waiting.filter(({ id }) => id === 1)).toEqual([exception(1, 'not_a_member')]);
  });

  it('answers with an exception instead of a reply that waits to be read', async () => {
    alice.socket.pause();
    const end = serverEnd(testbed, alice);
    alice.send('ask', undefined, 1, { room: OTHER_ROOM });
    await testbed.settle();
    for (let n = 0; n < 8; n++) end.send('filler', 'x'.repeat(30_000));
    await testbed.settle();
    answer.resolve({ event: 'answer', data: 'secret' });
    await testbed.settle();
    await refuse();
    alice.socket.resume();
    for (let n = 0; n < 6; n++) await testbed.settle();
    expect(alice.waiting.filter(({ id }) => id === 1)).toEqual([exception(1, 'not_a_member')]);
    expect(events()).not.toContain('answer');
  });

  it('ends the stream whose scope a refresh has taken away', async () => {
    alice.send('watch', undefined, 1);
    await alice.next('tick');
    await refresh('other');
    emit({ event: 'tick', data: 'secret' });
    await testbed.settle();
    expect([open, aborts]).toEqual([0, ['right_lost']]);
    expect(alice.waiting).toContainEqual(exception(1, 'insufficient_scope'));
  });

  it('keeps the stream whose scope a refresh leaves', async () => {
    alice.send('watch', undefined, 1);
    await alice.next('tick');
    await refresh('watch other');
    emit({ event: 'tick', data: 1 });
    expect(await alice.next('tick')).toMatchObject({ data: 1 });
    expect(aborts).toEqual([]);
  });

  it('ends a stream at the expiry of the token', async () => {
    alice.send('watch', undefined, 1);
    await alice.next('tick');
    await testbed.advance(65_500);
    expect([open, aborts]).toEqual([0, ['right_lost']]);
    expect(alice.waiting).toContainEqual(exception(1, 'token_expired'));
  });

  it('ends a stream with the room that its member leaves', async () => {
    alice.send('watch', undefined, 1, { room: OTHER_ROOM });
    await alice.next('tick');
    await alice.request('room.leave', { room: OTHER_ROOM });
    await testbed.settle();
    expect([open, aborts]).toEqual([0, ['right_lost']]);
  });

  it('aborts what runs when the last room is lost', async () => {
    alice.send('ask', undefined, 1, { room: OTHER_ROOM });
    await testbed.settle();
    await refuse(ROOM);
    await refuse();
    await alice.expectClosed(4403);
    expect(aborts).toEqual(['right_lost']);
  });

  it('is told from a client that is gone, and from a handler that takes too long', async () => {
    alice.send('ask', undefined, 1);
    await testbed.settle();
    await testbed.advance(30_500);
    expect(aborts).toEqual(['handler_timeout']);
    expect(alice.waiting).toContainEqual(exception(1, 'handler_timeout'));
    alice.send('ask', undefined, 2);
    await testbed.settle();
    alice.socket.terminate();
    await testbed.settle();
    expect(aborts).toEqual(['handler_timeout', 'peer_gone']);
  });

  it('aborts a handler that goes on with the reason, and answers once', async () => {
    alice.send('fetch', undefined, 1, { room: OTHER_ROOM });
    await testbed.settle();
    await refuse();
    await testbed.settle();
    expect(alice.waiting.filter(({ id }) => id === 1)).toEqual([exception(1, 'not_a_member')]);
  });
});
