import { createHook } from 'node:async_hooks';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { RoomGateway, RoomService, TokenVerifier } from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';
import { serverEnd } from '../support/node-of.js';

@RoomGateway('/:room')
class EchoGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): { event: string; data: unknown } {
    return { event: 'echo', data };
  }
}

const ROOM = '0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b';

/** What performance rests on, counted: a clock on a shared machine would not tell. */
describe('What a message and a connection cost', () => {
  let testbed: RoomgateTestbed;

  beforeEach(async () => {
    testbed = await createRoomgateTestbed({ providers: [EchoGateway] });
  });
  afterEach(() => testbed.close());

  it('is no verification of a token', async () => {
    const verifier = testbed.get(TokenVerifier);
    let verified = 0;
    const verify = verifier.verify.bind(verifier);
    verifier.verify = (token) => {
      verified += 1;
      return verify(token);
    };
    const alice = await testbed.connectAs({ rooms: [ROOM] });
    for (let n = 0; n < 50; n++) await alice.request('echo', n);
    expect(verified).toBe(1);
  });

  it('is one frame for a broadcast, shared by all members', async () => {
    const members = [];
    for (let n = 0; n < 5; n++)
      members.push(await testbed.connectAs({ sub: `member-${n}`, rooms: [ROOM] }));
    const written = new Set<unknown>();
    for (const member of members) {
      const { socket } = serverEnd(testbed, member);
      const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
      socket.write = ((...args: unknown[]) => {
        written.add(args[0]);
        return write(...args);
      }) as typeof socket.write;
    }
    await testbed.get(RoomService).room(ROOM).broadcast('said', 'hello');
    for (const member of members) await member.next('said');
    expect(written.size).toBe(1);
  });

  it('is no timer: a hundred connections that speak have as many as one', async () => {
    const connect = async (n: number): Promise<void> => {
      const connection = await testbed.connectAs({ sub: `member-${n}`, rooms: [ROOM] });
      await connection.request('echo', n);
    };
    await connect(0);
    const timers = testbed.clock.pending;
    for (let n = 1; n < 100; n++) await connect(n);
    expect(testbed.clock.pending).toBe(timers);
    expect(timers).toBeLessThanOrEqual(3);
  });

  it('is at most 24 promises for a guarded message with one decorated parameter, nearly all of them of Nest', async () => {
    const alice = await testbed.connectAs({ rooms: [ROOM] });
    const { inbox } = serverEnd(testbed, alice);
    inbox.push({ event: 'echo', data: 0 });
    await testbed.settle();
    let promises = 0;
    const hook = createHook({ init: (_id, type) => void (promises += type === 'PROMISE' ? 1 : 0) });
    hook.enable();
    for (let n = 0; n < 10; n++) inbox.push({ event: 'echo', data: n });
    await new Promise((resolve) => setImmediate(resolve));
    hook.disable();
    expect(promises / 10).toBeGreaterThan(0);
    expect(promises / 10).toBeLessThanOrEqual(24);
  });
});
