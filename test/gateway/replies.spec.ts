import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { CurrentMessage, type MessageContext, RoomGateway } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';

const cycle: { self?: unknown } = {};
cycle.self = cycle;

const RESULTS: Record<string, () => unknown> = {
  nothing: () => undefined,
  null: () => null,
  zero: () => 0,
  false: () => false,
  'empty text': () => '',
  object: () => ({ a: 1 }),
  'promised value': () => Promise.resolve([1]),
  event: () => ({ event: 'done', data: { b: 2 } }),
  'event without data': () => ({ event: 'done' }),
  'promised event': () => Promise.resolve({ event: 'done', data: 0 }),
  'event that is no text': () => ({ event: 7 }),
  'event with an id of its own': () => ({ event: 'done', data: 1, id: 'forged', room: 'forged' }),
  function: () => () => 1,
  cycle: () => cycle,
  bigint: () => 1n,
  'event with bigint': () => ({ event: 'done', data: 1n }),
  'reserved event': () => ({ event: 'ack', data: 'forged' }),
  'reserved client event': () => ({ event: 'room.join' }),
};

@RoomGateway('/:room')
class ResultGateway {
  @SubscribeMessage('give')
  give(@MessageBody() name: string): unknown {
    return RESULTS[name]?.();
  }

  @SubscribeMessage('answer twice')
  answer(@CurrentMessage() message: MessageContext): string {
    message.ack('first');
    message.reply('second');
    message.fail('internal');
    return 'third';
  }
}

const internal = {
  event: 'exception',
  data: { status: 'error', code: 'internal', message: 'Internal error.', temporary: false },
};

describe('The reply to a message', () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;

  beforeAll(async () => {
    testbed = await createRoomgateTestbed({ providers: [ResultGateway] });
    alice = await testbed.connectAs();
  });
  afterAll(() => testbed.close());
  afterEach(() => expect(alice.waiting).toEqual([]));

  /** Everything that comes back when the result is asked for with an id, or without one. */
  async function received(name: string, id?: string | number): Promise<unknown[]> {
    alice.send('give', name, id);
    // Answered in order, so whatever comes back for `give` comes before this.
    alice.send('give', 'nothing', 'end');
    const messages: unknown[] = [];
    for (;;) {
      const message = await alice.next();
      if (message.id === 'end') return messages;
      messages.push(message);
    }
  }

  it.each<[string, object]>([
    ['nothing', { event: 'ack' }],
    ['null', { event: 'ack', data: null }],
    ['zero', { event: 'ack', data: 0 }],
    ['false', { event: 'ack', data: false }],
    ['empty text', { event: 'ack', data: '' }],
    ['object', { event: 'ack', data: { a: 1 } }],
    ['promised value', { event: 'ack', data: [1] }],
    ['event', { event: 'done', data: { b: 2 } }],
    ['event without data', { event: 'done' }],
    ['promised event', { event: 'done', data: 0 }],
    ['event that is no text', { event: 'ack', data: { event: 7 } }],
    ['event with an id of its own', { event: 'done', data: 1 }],
    ['function', { event: 'ack' }],
    ['cycle', internal],
    ['bigint', internal],
    ['event with bigint', internal],
    ['reserved event', internal],
    ['reserved client event', internal],
  ])('is exactly one when it has an id: %s', async (name, reply) => {
    for (const id of ['seven', '', 7, 0, -1.5])
      expect(await received(name, id)).toEqual([{ ...reply, id }]);
  });

  it.each<[string, object[]]>([
    ['nothing', []],
    ['null', []],
    ['zero', []],
    ['object', []],
    ['promised value', []],
    ['event', [{ event: 'done', data: { b: 2 } }]],
    ['promised event', [{ event: 'done', data: 0 }]],
    ['bigint', []],
    ['event with bigint', [internal]],
    ['reserved event', [internal]],
  ])(
    'is sent without an id only when it names an event or is an exception: %s',
    async (name, all) => {
      expect(await received(name)).toEqual(all);
    },
  );

  it('is the first that is given', async () => {
    alice.send('answer twice', undefined, 1);
    expect(await received('nothing', 2)).toEqual([
      { event: 'ack', data: 'first', id: 1 },
      { event: 'ack', id: 2 },
    ]);
  });

  it('keeps ids of text and number apart', async () => {
    alice.send('give', 'nothing', '1');
    alice.send('give', 'nothing', 1);
    expect([(await alice.next()).id, (await alice.next()).id]).toEqual(['1', 1]);
  });
});
