import { RevocationService, RoomService } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { frameTexts } from '../support/frame-texts.js';
import { GatedPolicy, resetSeams } from '../support/gated-seams.js';
import { heard, LiveGateway, ROOM } from '../support/live-room.js';
import { nodeOf, serverEnd } from '../support/node-of.js';
import { A, B, TwoIssuers } from '../support/two-issuers.js';

const CLAIMS = { jti: 'j', sid: 's' };
/** Everything that takes a member's authority away, and the close it means. */
const KICKS: readonly (readonly [string, number, (by: RoomgateTestbed) => unknown])[] = [
  ['revokeToken', 4440, (by) => by.get(RevocationService).revokeToken('j')],
  ['revokeSession', 4440, (by) => by.get(RevocationService).revokeSession('s')],
  ['revokeSubject', 4440, (by) => by.get(RevocationService).revokeSubject({ subject: 'alice' })],
  ['block', 4440, (by) => by.get(RevocationService).block({ subject: 'alice' })],
  ['close of the room', 4404, (by) => by.get(RoomService).room(ROOM).close()],
];

describe.each(KICKS)('A kick by %s', (_, code, kick) => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;

  beforeEach(async () => {
    testbed = await createRoomgateTestbed({ providers: [LiveGateway, GatedPolicy] });
    alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM], claims: CLAIMS });
  });
  afterEach(async () => {
    resetSeams();
    await testbed.close();
  });

  it('leaves nothing to be read of what was said in its turn', async () => {
    const rooms = testbed.get(RoomService);
    for (let n = 0; n < 5; n++) void rooms.room(ROOM).broadcast('said', 'before');
    serverEnd(testbed, alice).send('private');
    void kick(testbed);
    void rooms.room(ROOM).broadcast('said', 'after');
    await alice.expectClosed(code);
    expect(heard(alice)).toEqual(['goodbye']);
    expect(alice.waiting[0]?.data).toMatchObject({ code });
  });

  it('leaves only a goodbye of a full outbox, behind what the socket already had', async () => {
    const { socket, outbox } = serverEnd(testbed, alice);
    alice.socket.pause();
    const rooms = testbed.get(RoomService);
    for (let n = 0; n < 9; n++) {
      await rooms.room(ROOM).broadcast('said', 'x'.repeat(100_000));
      await testbed.settle();
    }
    expect(outbox.backlogBytes).toBeGreaterThan(700_000);
    const written: Buffer[] = [];
    const write = socket.write.bind(socket) as (chunk: Buffer, ...rest: unknown[]) => boolean;
    socket.write = ((chunk: Buffer, ...rest: unknown[]) => {
      written.push(chunk);
      return write(chunk, ...rest);
    }) as typeof socket.write;
    void rooms.room(ROOM).broadcast('said', 'in the turn');
    void kick(testbed);
    alice.socket.resume();
    await alice.expectClosed(code);
    const texts = frameTexts(Buffer.concat(written)).map((text) => text.slice(0, 19));
    expect(texts).toEqual(['{"event":"goodbye",', `close ${code}`]);
    expect(alice.waiting.at(-1)).toMatchObject({ event: 'goodbye', data: { code } });
  });

  it('empties the registry and the room, and nobody else is touched', async () => {
    const bob = await testbed.connectAs({ sub: 'bob', rooms: [ROOM] });
    if (code !== 4440) await bob.close();
    await kick(testbed);
    await alice.expectClosed(code);
    await testbed.settle();
    expect(nodeOf(testbed).registry.size).toBe(code === 4440 ? 1 : 0);
    if (code === 4440) expect(await bob.request('work')).toMatchObject({ event: 'ack' });
  });

  if (code === 4440)
    it('keeps the same token out at the door from then on', async () => {
      await kick(testbed);
      const token = testbed.mint({ sub: 'alice', rooms: [ROOM], claims: CLAIMS });
      await testbed.expectRefused(401, 'token_revoked', { token, path: `/${ROOM}` });
    });
});

describe('The same subject under two issuers', () => {
  const by = new TwoIssuers();
  let testbed: RoomgateTestbed;
  const token = (iss: string): string => {
    const iat = Math.floor(testbed.clock.now() / 1000);
    const claims = { iss, sub: 'alice', rooms: [ROOM], ...CLAIMS, iat, exp: iat + 3_600 };
    return by.token({}, claims, (iss === A ? by.es : by.esOfB).privateKey);
  };
  const connect = (iss: string): Promise<TestConnection> =>
    testbed.connectAs({ rooms: [ROOM], headers: { authorization: `Bearer ${token(iss)}` } });

  beforeEach(async () => {
    testbed = await createRoomgateTestbed({
      providers: [LiveGateway, GatedPolicy],
      roomgate: { issuers: [...by.issuers] },
    });
  });
  afterEach(() => testbed.close());

  it.each<[string, (service: RevocationService) => Promise<void>]>([
    ['revokeToken', (service) => service.revokeToken('j', A)],
    ['revokeSession', (service) => service.revokeSession('s', A)],
    ['revokeSubject', (service) => service.revokeSubject({ subject: 'alice', issuer: A })],
    ['block', (service) => service.block({ subject: 'alice', issuer: A })],
  ])('are two: %s of one does not touch the other, live or at the door', async (_, revoke) => {
    const ofA = await connect(A);
    const ofB = await connect(B);
    await revoke(testbed.get(RevocationService));
    await ofA.expectClosed(4440);
    expect(await ofB.request('work')).toMatchObject({ event: 'ack' });
    await testbed.expectRefused(401, 'token_revoked', { token: token(A), path: `/${ROOM}` });
    await (await connect(B)).close();
  });

  it('cannot refresh each other', async () => {
    const ofA = await connect(A);
    expect(await ofA.request('auth.refresh', { token: token(B) })).toMatchObject({
      data: { code: 'identity_changed' },
    });
    expect(await ofA.request('auth.refresh', { token: token(A) })).toMatchObject({
      event: 'auth.refreshed',
    });
  });

  it('must be named by their issuer', async () => {
    const service = testbed.get(RevocationService);
    await expect(service.block({ subject: 'alice' })).rejects.toMatchObject({
      code: 'invalid_options',
    });
  });
});

describe('A block that is taken back', () => {
  it('opens the door again, but brings nobody back', async () => {
    const testbed = await createRoomgateTestbed({ providers: [LiveGateway, GatedPolicy] });
    const alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
    const service = testbed.get(RevocationService);
    await service.block({ subject: 'alice' });
    await service.unblock({ subject: 'alice' });
    await alice.expectClosed(4440);
    const again = await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
    expect(await again.request('work')).toMatchObject({ event: 'ack' });
    await testbed.close();
  });
});
