import { SubscribeMessage } from '@nestjs/websockets';
import { RoomGateway, type RoomgateModuleOptions, RoomPolicy } from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';
import { HeldPolicy } from '../support/policies.js';
import { ROOM } from '../support/live-room.js';
import { nodeOf } from '../support/node-of.js';

class OpenPolicy extends RoomPolicy {
  join(): boolean {
    return true;
  }
}

let handled = 0;
let letGo = (): void => {};
let held: Promise<void> | undefined;

@RoomGateway('/:room', { policy: OpenPolicy })
class CountingGateway {
  @SubscribeMessage('hold')
  async hold(): Promise<void> {
    await held;
  }

  @SubscribeMessage('count')
  count(): number {
    return (handled += 1);
  }
}

describe('Limits', () => {
  let testbed: RoomgateTestbed;
  const start = async (
    roomgate: RoomgateModuleOptions,
    policy: typeof OpenPolicy | typeof HeldPolicy = OpenPolicy,
  ): Promise<void> => {
    handled = 0;
    held = new Promise<void>((resolve) => (letGo = resolve));
    const provider = { provide: OpenPolicy, useClass: policy };
    testbed = await createRoomgateTestbed({ providers: [CountingGateway, provider], roomgate });
  };
  afterEach(() => testbed.close());

  describe('of messages', () => {
    beforeEach(() =>
      start({ maxMessagesPerWindow: 10, messageWindowMs: 1_000, messageBurst: 5, maxStrikes: 3 }),
    );

    it('answer those that are too many, say when to come again, and do not handle them', async () => {
      const alice = await testbed.connectAs({ rooms: [ROOM] });
      for (let n = 0; n < 5; n++) await alice.request('count');
      expect(await alice.request('count')).toMatchObject({
        event: 'exception',
        data: { code: 'rate_limited', temporary: true, retryAfterMs: 100 },
      });
      expect(handled).toBe(5);
      await testbed.advance(100);
      expect(await alice.request('count')).toMatchObject({ event: 'ack', data: 6 });
    });

    it('close who goes on after warnings with 4429, and nobody else', async () => {
      const [alice, bob] = [await testbed.connectAs(), await testbed.connectAs({ sub: 'bob' })];
      for (let n = 0; n < 20; n++) alice.send('count', undefined, n);
      await testbed.settle();
      // What was sent before the first warning came is no reason to close.
      expect(alice.waiting.filter(({ event }) => event === 'ack')).toHaveLength(5);
      expect(alice.waiting.filter(({ event }) => event === 'exception')).toHaveLength(15);
      for (let n = 0; n < 3; n++) alice.send('count', undefined, n);
      const goodbye = await alice.next('goodbye');
      // A whole burst passes again then.
      expect(goodbye.data).toMatchObject({ code: 4429, reconnect: true, retryAfterMs: 500 });
      await alice.expectClosed(4429);
      expect(handled).toBe(5);
      expect(await bob.request('count')).toMatchObject({ event: 'ack' });
    });

    it('answer all of sixty that come at once with the defaults, and answer what passed before they close', async () => {
      await testbed.close();
      await start({ maxMessagesPerWindow: 100, messageWindowMs: 10_000, messageBurst: 50 });
      const alice = await testbed.connectAs();
      const codes = (): unknown[] => alice.waiting.map(({ event }) => event);
      for (let n = 0; n < 60; n++) alice.send('hold', undefined, n);
      await testbed.settle();
      expect(codes()).toEqual(Array.from({ length: 10 }, () => 'exception'));
      for (let n = 60; n < 70; n++) alice.send('hold', undefined, n);
      await testbed.settle();
      // The goodbye waits for the answers.
      expect(codes()).toEqual(Array.from({ length: 20 }, () => 'exception'));
      letGo();
      const goodbye = await alice.next('goodbye');
      expect(goodbye.data).toMatchObject({ code: 4429, retryAfterMs: 5_000 });
      expect(new Set(alice.waiting.map(({ id }) => id)).size).toBe(70);
      expect(codes().filter((event) => event === 'ack')).toHaveLength(50);
      await alice.expectClosed(4429);
    });

    it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
      'are not got around by an event named %s',
      async (event) => {
        const alice = await testbed.connectAs();
        for (let n = 0; n < 2; n++) await alice.request(event);
        for (let n = 0; n < 3; n++) await alice.request('count');
        expect(await alice.request('count')).toMatchObject({ data: { code: 'rate_limited' } });
      },
    );

    it('count frames that are no messages, and what costs more as more', async () => {
      const alice = await testbed.connectAs();
      alice.socket.send('no message');
      await testbed.settle();
      expect(await alice.request('room.history')).toMatchObject({
        data: { code: 'rate_limited', retryAfterMs: 100 },
      });
    });
  });

  it('of a subject refuse one more at the door, also of those who come at once, until one leaves', async () => {
    await start({ maxConnectionsPerSubject: 2 });
    const first = await testbed.connectAs({ sub: 'alice' });
    await testbed.connectAs({ sub: 'alice' });
    const token = testbed.mint({ sub: 'alice' });
    await testbed.expectRefused(429, 'too_many_connections', { token });
    await testbed.connectAs({ sub: 'bob' });
    await first.close();
    await testbed.connectAs({ sub: 'alice' });
    expect(nodeOf(testbed).subjects.size).toBe(0);
  });

  it('of a subject hold for all who wait for their verdict', async () => {
    await start({ maxConnectionsPerSubject: 2 }, HeldPolicy);
    const knocks = Array.from({ length: 10 }, () =>
      testbed.connectAs({ sub: 'alice', rooms: [ROOM] }).then(
        () => 'in',
        (error: Error) => error.message.match(/\d+/)?.[0],
      ),
    );
    while (HeldPolicy.waiting < 2) await testbed.settle();
    await testbed.settle();
    HeldPolicy.letGo();
    const verdicts = await Promise.all(knocks);
    expect(verdicts.filter((each) => each === 'in')).toHaveLength(2);
    expect(verdicts.filter((each) => each === '429')).toHaveLength(8);
    expect(nodeOf(testbed).subjects.size).toBe(0);
  });

  it('of a subject may close the oldest instead, when the newcomer is in and not before', async () => {
    await start({ maxConnectionsPerSubject: 2, onTooManyConnections: 'replace-oldest' });
    const [first, second] = [
      await testbed.connectAs({ sub: 'alice', rooms: [ROOM] }),
      await testbed.connectAs({ sub: 'alice', rooms: [ROOM] }),
    ];
    await testbed.expectRefused(401, 'token_expired', {
      token: testbed.mint({ sub: 'alice', ttlMs: -60_000 }),
    });
    expect(await first.request('count')).toMatchObject({ event: 'ack' });
    const third = await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
    await first.expectClosed(4409);
    for (const one of [second, third])
      expect(await one.request('count')).toMatchObject({ event: 'ack' });
  });
});
