import { type ServerRoom, RoomService } from 'nestjs-roomgate';
import type { PresenceOptions } from '../../src/room/room.options.js';
import type { RoomgateTestbed } from 'nestjs-roomgate/testing';
import { CapturedLogger } from '../support/captured-logger.js';
import { inProduction } from '../support/env.js';
import { ask, createKeptTestbed, enter } from '../support/kept-rooms.js';
import { ROOM } from '../support/live-room.js';

describe('What presence says of a member', () => {
  let testbed: RoomgateTestbed;
  let room: ServerRoom;
  let logger: CapturedLogger;
  const boot = async (presence: PresenceOptions): Promise<void> => {
    logger = new CapturedLogger();
    testbed = await inProduction(() =>
      createKeptTestbed({
        roomgate: { rooms: { kept: { presence } } },
        configure: (app) => app.useLogger(logger),
      }),
    );
    room = testbed.get(RoomService).room(ROOM, 'kept');
  };
  afterEach(() => testbed.close());

  it('is to all what is public, and to the server alone what is not', async () => {
    await boot({
      describe: ({ subject, claims }) => ({ info: { name: subject }, meta: { exp: claims.exp } }),
    });
    const alice = await enter(testbed, 'alice');
    await enter(testbed, 'bob');
    await testbed.advance(250);
    const joined = await alice.next('presence.joined');
    const list = await ask(alice, 'room.presence');
    expect(list.members.map(({ info }: { info: unknown }) => info)).toEqual([
      { name: 'alice' },
      { name: 'bob' },
    ]);
    expect(joined.data.members).toEqual(list.members);
    for (const member of list.members) expect(Object.keys(member)).toEqual(['id', 'info']);
    expect(JSON.stringify([joined, list, alice.waiting])).not.toMatch(/meta|exp|identity/);
    const { members, total } = await room.presence();
    expect(total).toBe(2);
    expect(members[1]).toEqual({
      memberId: list.members[1].id,
      identity: expect.any(String) as string,
      info: { name: 'bob' },
      meta: { exp: expect.any(Number) as number },
    });
    expect(await room.presence(1)).toMatchObject({ members: { length: 1 }, total: 2 });
  });

  it.each<[string, PresenceOptions['describe']]>([
    [
      'throws',
      () => {
        throw new Error('canary');
      },
    ],
    ['is nothing', () => undefined as never],
    ['is null', () => null as never],
    ['is longer than 4,096 bytes', () => ({ info: 'é'.repeat(2_048) })],
    [
      'is longer with what is not public',
      () => ({ info: 'x'.repeat(3_000), meta: 'x'.repeat(1_100) }),
    ],
    ['has no JSON form', () => ({ info: 1n })],
    [
      'turns in a circle',
      () => {
        const info: unknown[] = [];
        info.push(info);
        return { info };
      },
    ],
    ['is a promise that fails', () => Promise.reject(new Error('canary')) as never],
  ])(
    'is nothing when what describe gives %s; the member comes in all the same',
    async (_, describe) => {
      await boot({ describe: describe as never });
      const alice = await enter(testbed, 'alice');
      await testbed.advance(250);
      const expected = [{ id: expect.any(String) as string }];
      expect((await alice.next('presence.joined')).data.members).toEqual(expected);
      expect(await ask(alice, 'room.presence')).toMatchObject({ members: expected, total: 1 });
      expect(logger.text).toContain('Describing a member for presence failed');
      expect(logger.text).not.toContain('canary');
    },
  );

  it('may be as long as 4,096 bytes, and is a copy', async () => {
    const info = { text: 'x'.repeat(4_096 - '{"info":{"text":"","n":1}}'.length), n: 1 };
    await boot({ describe: () => ({ info }) });
    const alice = await enter(testbed, 'alice');
    info.n = 2;
    const [member] = (await ask(alice, 'room.presence')).members;
    expect([member.info.text.length, member.info.n]).toEqual([info.text.length, 1]);
  });

  it('is nothing of one that is closed meanwhile: it is present no more', async () => {
    const told: string[] = [];
    await boot({
      describe: () => {
        void room.close();
        return {};
      },
    });
    testbed
      .get(RoomService)
      .listen({ onJoin: () => told.push('in'), onLeave: () => told.push('out') });
    const alice = await enter(testbed, 'alice');
    await alice.expectClosed(4_404);
    expect([await room.presence(), told]).toEqual([{ members: [], total: 0 }, ['in', 'out']]);
  });

  it('is said of as many members as may be listed; their number is always told', async () => {
    await boot({ maxListed: 2 });
    const clients = [];
    for (const sub of ['a', 'b', 'c']) clients.push(await enter(testbed, sub));
    const list = await ask(clients[0] as never, 'room.presence');
    expect([list.members.length, list.total]).toEqual([2, 3]);
    await clients[0]?.close();
    const later = await ask(clients[1] as never, 'room.presence');
    expect([later.members.length, later.total]).toEqual([2, 2]);
    expect(later.members[0]).toEqual(list.members[1]);
    expect((await room.presence()).members).toHaveLength(2);
  });

  it('is told in frames of fifty members when a whole crowd comes', async () => {
    await boot({ maxListed: 1_000 });
    const alice = await enter(testbed, 'alice');
    await testbed.advance(250);
    await alice.next('presence.joined');
    for (let n = 0; n < 120; n++) await enter(testbed, `s${n}`);
    await testbed.advance(250);
    const sizes = alice.waiting.map(({ event, data }) => [event, data.members.length]);
    expect(sizes).toEqual([
      ['presence.joined', 50],
      ['presence.joined', 50],
      ['presence.joined', 20],
    ]);
    const told = alice.waiting.flatMap(({ data }) => data.members.map(({ id }: never) => id));
    expect(new Set(told).size).toBe(120);
  });

  it('is not kept for the server either where it is off', async () => {
    await boot({});
    const plain = testbed.get(RoomService).room(ROOM, 'plain');
    await expect(plain.presence()).rejects.toMatchObject({ code: 'not_kept' });
    expect(await room.presence()).toEqual({ members: [], total: 0 });
  });
});
