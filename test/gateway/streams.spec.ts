import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { RoomGateway } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { concat, EMPTY, NEVER, Observable, of, Subject, throwError } from 'rxjs';
import { Deferred } from '../support/deferred.js';

const tick = (n: number): object => ({ event: 'tick', data: n });
const subject = new Subject<unknown>();
const late = new Deferred<Observable<unknown>>();
let open = 0;

/** Counts those who listen to an Observable that never ends. */
const endless = new Observable<unknown>((subscriber) => {
  open += 1;
  subscriber.next(tick(0));
  return () => (open -= 1);
});

const STREAMS: Record<string, () => unknown> = {
  none: () => EMPTY,
  one: () => of(tick(1)),
  'one value': () => of(7),
  many: () => of(tick(1), tick(2), tick(3)),
  'many with a value': () => of(tick(1), 2, tick(3)),
  'promised many': () => Promise.resolve(of(tick(1), tick(2))),
  error: () => throwError(() => new Error('canary')),
  'many, then an error': () =>
    concat(
      of(tick(1), tick(2)),
      throwError(() => new Error('canary')),
    ),
  'many, then a reserved one': () => of(tick(1), { event: 'ack' }, tick(2)),
  'many, then one without JSON': () => of(tick(1), { event: 'tick', data: 1n }, tick(2)),
  subject: () => subject,
  endless: () => endless,
  late: () => late.promise,
};

@RoomGateway('/:room')
class StreamGateway {
  @SubscribeMessage('open')
  open(@MessageBody() name: string): unknown {
    return STREAMS[name]?.();
  }
}

describe('A handler that returns an Observable', () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;

  beforeAll(async () => {
    testbed = await createRoomgateTestbed({
      providers: [StreamGateway],
      roomgate: { maxStreams: 3 },
    });
  });
  beforeEach(async () => {
    alice = await testbed.connectAs();
  });
  afterEach(async () => {
    await alice.close();
    expect(open).toBe(0);
  });
  afterAll(() => testbed.close());

  const ack = { event: 'ack', id: 1 };
  const internal = {
    event: 'exception',
    id: 1,
    data: expect.objectContaining({ code: 'internal' }) as unknown,
  };

  it.each<[string, unknown[]]>([
    ['none', [ack]],
    ['one', [{ ...tick(1), id: 1 }]],
    ['one value', [{ ...ack, data: 7 }]],
    ['many', [tick(1), tick(2), tick(3), ack]],
    ['many with a value', [tick(1), tick(3), ack]],
    ['promised many', [tick(1), tick(2), ack]],
    ['error', [internal]],
    ['many, then an error', [tick(1), tick(2), internal]],
    ['many, then a reserved one', [tick(1), internal]],
    ['many, then one without JSON', [tick(1), internal]],
  ])('sends its frames without the id, then one reply: %s', async (name, expected) => {
    alice.send('open', name, 1);
    await testbed.settle();
    expect(alice.waiting).toEqual(expected);
  });

  it('sends the frames, and no acknowledgement, when there is no id', async () => {
    alice.send('open', 'many');
    alice.send('open', 'one value');
    await testbed.settle();
    expect(alice.waiting).toEqual([tick(1), tick(2), tick(3)]);
  });

  it('does not hold up what comes after it, and is acknowledged at its end', async () => {
    alice.send('open', 'subject', 1);
    expect(await alice.request('open', 'none')).toMatchObject({ event: 'ack' });
    subject.next(tick(1));
    expect(await alice.next()).toEqual(tick(1));
    await testbed.advance(100_000);
    subject.next(tick(2));
    subject.complete();
    expect(await alice.next()).toEqual(tick(2));
    expect(await alice.next()).toEqual(ack);
  });

  it('may have so many open, and more again when one has ended', async () => {
    for (const id of [1, 2, 3]) alice.send('open', 'endless', id);
    expect(await alice.request('open', 'endless')).toMatchObject({
      event: 'exception',
      data: { code: 'too_many_streams', temporary: true },
    });
    expect(open).toBe(3);
    const bob = await testbed.connectAs();
    bob.send('open', 'endless');
    await bob.next('tick');
    await bob.close();
    await testbed.settle();
    expect(open).toBe(3);
  });

  it('ends its stream when the connection ends, also when it is opened after that', async () => {
    const bob = await testbed.connectAs();
    bob.send('open', 'late', 1);
    await testbed.settle();
    await bob.close();
    await testbed.settle();
    late.resolve(endless);
    await testbed.settle();
    expect(open).toBe(0);
  });

  it('opens nothing for a message that was answered with a timeout', async () => {
    const slow = new Deferred<Observable<unknown>>();
    STREAMS['slow'] = () => slow.promise;
    const reply = alice.request('open', 'slow');
    await testbed.settle();
    await testbed.advance(31_000);
    expect(await reply).toMatchObject({ data: { code: 'handler_timeout' } });
    slow.resolve(endless);
    await testbed.settle();
    expect(open).toBe(0);
  });

  it('keeps a silent one for as long as its connection', async () => {
    STREAMS['silent'] = () => NEVER;
    alice.send('open', 'silent', 1);
    await testbed.settle();
    await testbed.advance(60_000);
    expect(alice.waiting).toEqual([]);
    expect(await alice.request('open', 'none')).toMatchObject({ event: 'ack' });
  });
});
