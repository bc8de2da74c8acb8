import { RevocationService, RevocationStore, RoomService } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { ConfirmingStore } from '../support/confirming-store.js';
import { deciding, GatedPolicy, resetSeams } from '../support/gated-seams.js';
import { heard, LiveGateway, OTHER_ROOM, refresh, ROOM } from '../support/live-room.js';
import { serverEnd } from '../support/node-of.js';

const LIMIT = 30_000;
const STALE = { event: 'exception', data: { code: 'authority_stale', temporary: true } };

describe('A connection that is kept while revocations may be missing', () => {
  let testbed: RoomgateTestbed;
  let store: ConfirmingStore;
  let alice: TestConnection;

  beforeEach(async () => {
    testbed = await createRoomgateTestbed({
      providers: [LiveGateway, GatedPolicy],
      revocationStore: ConfirmingStore,
    });
    store = testbed.get(RevocationStore) as ConfirmingStore;
    confirm();
    alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM, OTHER_ROOM] });
    await testbed.advance(LIMIT);
  });
  afterEach(async () => {
    resetSeams();
    await testbed.close();
  });

  const confirm = (): void => void (store.lastConfirmedAt = testbed.clock.now());
  const room = () => testbed.get(RoomService).room(ROOM);
  const refreshed = (token = {}): Promise<unknown> =>
    refresh(testbed, alice, { rooms: [ROOM, OTHER_ROOM], ...token });

  it('speaks and hears', async () => {
    expect(await alice.request('say', 'still here')).toMatchObject({ event: 'ack' });
    expect(heard(alice)).toEqual(['said still here']);
  });

  it('joins no other room, and does when they are confirmed', async () => {
    expect(await alice.request('room.join', { room: OTHER_ROOM })).toMatchObject(STALE);
    confirm();
    expect(await alice.request('room.join', { room: OTHER_ROOM })).toMatchObject({
      event: 'room.joined',
    });
  });

  it('joins no room for which it waited until they might be', async () => {
    confirm();
    deciding.hold();
    const joined = alice.request('room.join', { room: OTHER_ROOM });
    await testbed.settle();
    expect(deciding.waiting).toBe(1);
    testbed.clock.step(LIMIT);
    deciding.open();
    expect(await joined).toMatchObject(STALE);
    expect(serverEnd(testbed, alice).memberships).toHaveLength(1);
  });

  it('leaves a room all the same', async () => {
    confirm();
    await alice.request('room.join', { room: OTHER_ROOM });
    await testbed.advance(LIMIT);
    expect(await alice.request('room.leave', { room: ROOM })).toMatchObject({ event: 'room.left' });
  });

  it('is not refreshed, which is no fault of its token', async () => {
    for (let n = 0; n < 20; n++) expect(await refreshed()).toMatchObject(STALE);
    confirm();
    expect(await refreshed()).toMatchObject({ event: 'auth.refreshed' });
  });

  it('is not refreshed with a token that was looked at before they might be', async () => {
    confirm();
    deciding.hold();
    const reply = refreshed();
    await testbed.settle();
    expect(deciding.waiting).toBe(1);
    testbed.clock.step(LIMIT);
    deciding.open();
    expect(await reply).toMatchObject(STALE);
  });

  it('goes when a revocation comes all the same', async () => {
    await testbed.get(RevocationService).block({ subject: 'alice' });
    await alice.expectClosed(4440);
    const path = `/${ROOM}`;
    const token = testbed.mint({ sub: 'alice', rooms: [ROOM] });
    await testbed.expectRefused(401, 'token_revoked', { token, path });
    expect(testbed.get(RevocationService).isStale()).toBe(true);
  });

  it('loses rights that it is asked about anew, and gets none back before they are confirmed', async () => {
    const { memberships } = serverEnd(testbed, alice);
    const [membership] = memberships as [(typeof memberships)[0]];
    membership.rights = { ...membership.rights, publish: false };
    expect(await room().reauthorize()).toEqual({ kept: 1, left: 0 });
    expect(await alice.request('say', 'x')).toMatchObject({ data: { code: 'publish_forbidden' } });
    confirm();
    await room().reauthorize();
    expect(await alice.request('say', 'x')).toMatchObject({ event: 'ack' });
    confirm();
    await refreshed({ scope: 'mute' });
    await testbed.advance(LIMIT);
    await room().reauthorize();
    expect(await alice.request('say', 'x')).toMatchObject({ data: { code: 'publish_forbidden' } });
  });

  it('loses a room that it is asked about anew', async () => {
    confirm();
    await refreshed({ rooms: [ROOM] });
    await testbed.advance(LIMIT);
    class Nobody extends GatedPolicy {
      override async join(): Promise<boolean> {
        return false;
      }
    }
    const policy = testbed.get(GatedPolicy);
    policy.join = Nobody.prototype.join.bind(policy);
    expect(await room().reauthorize()).toEqual({ kept: 0, left: 1 });
    await alice.expectClosed(4403);
  });

  it('costs the store no question about any message', async () => {
    let asked = 0;
    store.confirmedAt = () => void (asked += 1) as never;
    for (let n = 0; n < 20; n++) await alice.request('say', n);
    expect([asked, heard(alice).length]).toEqual([0, 20]);
  });
});
