import { RoomService } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { resetSeams, GatedPolicy } from '../support/gated-seams.js';
import { heard, LiveGateway, OTHER_ROOM, refresh, ROOM, working } from '../support/live-room.js';
import { nodeOf, serverEnd } from '../support/node-of.js';

describe('auth.refresh', () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;

  beforeAll(async () => {
    testbed = await createRoomgateTestbed({ providers: [LiveGateway, GatedPolicy] });
  });
  beforeEach(async () => {
    alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM], ttlMs: 60_000 });
  });
  afterEach(async () => {
    resetSeams();
    working.open();
    alice.socket.terminate();
    await testbed.settle();
  });
  afterAll(() => testbed.close());

  it('is answered once, with the life of the new token, which the connection then has', async () => {
    await testbed.advance(59_000);
    expect(await refresh(testbed, alice, { ttlMs: 120_000 })).toEqual({
      event: 'auth.refreshed',
      data: { ttlMs: 120_000 },
      id: 'test-1',
    });
    await testbed.advance(124_999);
    expect(await alice.request('work')).toMatchObject({ event: 'ack' });
    await testbed.advance(1);
    expect(await alice.request('work')).toMatchObject({ data: { code: 'token_expired' } });
    await testbed.advance(25_250);
    await alice.expectClosed(4401);
  });

  it('is answered without an id too', async () => {
    const { socket } = alice;
    socket.send(JSON.stringify({ event: 'auth.refresh', data: { token: 'a.b.c' } }));
    expect(await alice.next()).toMatchObject({
      event: 'exception',
      data: { code: 'token_invalid' },
    });
    const token = testbed.mint({ rooms: [ROOM] });
    socket.send(JSON.stringify({ event: 'auth.refresh', data: { token } }));
    expect(await alice.next()).toEqual({
      event: 'auth.refreshed',
      data: { ttlMs: expect.any(Number) },
    });
  });

  it('may shorten a life', async () => {
    await refresh(testbed, alice, { ttlMs: 10_000 });
    await testbed.advance(15_000);
    expect(await alice.request('work')).toMatchObject({ data: { code: 'token_expired' } });
  });

  it('changes scopes at once, and with them what the member may do', async () => {
    expect(await alice.request('rule')).toMatchObject({ data: { code: 'insufficient_scope' } });
    await refresh(testbed, alice, { scope: 'admin' });
    expect(await alice.request('rule')).toMatchObject({ data: 'ruled' });
    await refresh(testbed, alice, { scope: 'other' });
    expect(await alice.request('rule')).toMatchObject({ data: { code: 'insufficient_scope' } });
    await refresh(testbed, alice, { scope: 'mute' });
    expect(await alice.request('say')).toMatchObject({ data: { code: 'publish_forbidden' } });
    await refresh(testbed, alice);
    expect(await alice.request('say', 'again')).toMatchObject({ event: 'ack' });
  });

  it('leaves a room that is no longer granted, before anything else is delivered, and closes who has none left', async () => {
    const rooms = testbed.get(RoomService);
    serverEnd(testbed, alice).send('queued');
    void rooms.room(ROOM).broadcast('said', 'before');
    await testbed.settle();
    const reply = refresh(testbed, alice, { rooms: [OTHER_ROOM] });
    expect(await reply).toMatchObject({ event: 'auth.refreshed' });
    await rooms.room(ROOM).broadcast('said', 'after');
    await alice.expectClosed(4403);
    expect(heard(alice)).toEqual(['queued', 'said before', 'room.left', 'goodbye']);
    expect(alice.waiting[2]?.data).toEqual({ room: ROOM, code: 4403 });
    expect(rooms.members(ROOM)).toEqual([]);
  });

  it('brings a muted connection back, and tells it of the gap', async () => {
    const rooms = testbed.get(RoomService);
    await rooms.room(ROOM).broadcast('said', 1);
    await testbed.settle();
    await testbed.advance(65_000);
    await rooms.room(ROOM).broadcast('said', 2);
    await testbed.settle();
    expect(await refresh(testbed, alice)).toMatchObject({ event: 'auth.refreshed' });
    await rooms.room(ROOM).broadcast('said', 3);
    await testbed.settle();
    expect(heard(alice)).toEqual(['said 1', 'auth.expiring', 'gap', 'said 3']);
    expect(alice.waiting[2]?.data).toEqual({ room: ROOM });
    await refresh(testbed, alice);
    await testbed.settle();
    expect(heard(alice).filter((event) => event === 'gap')).toHaveLength(1);
  });

  it('tells of no gap where nothing was missed', async () => {
    await testbed.advance(65_000);
    const rooms = testbed.get(RoomService);
    await rooms.room(ROOM).broadcast('said', 1, { except: alice.hello.connectionId });
    await testbed.settle();
    await refresh(testbed, alice);
    await testbed.settle();
    expect(heard(alice)).toEqual(['auth.expiring']);
  });

  it.each<[string, (by: RoomgateTestbed) => unknown]>([
    ['nothing', () => undefined],
    ['null', () => null],
    ['text', () => 'token'],
    ['a list', () => [1]],
    ['no token', () => ({})],
    ['a token that is no text', () => ({ token: 1 })],
    ['a list of tokens', (by) => ({ token: [by.mint()] })],
  ])('counts as no message of ours with %s', async (_, data) => {
    expect(await alice.request('auth.refresh', data(testbed))).toMatchObject({
      event: 'exception',
      data: { code: 'bad_message' },
    });
  });

  it('does not keep the process or the wheel busy with what was replaced', async () => {
    for (let n = 0; n < 20; n++) await refresh(testbed, alice);
    expect(nodeOf(testbed).wallWheel.size).toBe(1);
  });

  it('is acted on between messages: the next one of the queue is live again and sees one principal', async () => {
    working.hold();
    const first = alice.request('work');
    await testbed.settle();
    testbed.clock.step(65_000);
    const refreshed = refresh(testbed, alice, { scope: 'new' });
    const second = alice.request('work');
    await testbed.settle();
    working.letGo();
    await testbed.settle();
    working.open();
    expect(await refreshed).toMatchObject({ event: 'auth.refreshed' });
    expect(await second).toMatchObject({ event: 'ack', data: [['new'], ['new']] });
    void first.catch(() => undefined);
  });
});
