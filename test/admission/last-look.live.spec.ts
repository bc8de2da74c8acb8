import { RevocationService, RoomGateway, RoomService } from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';
import {
  deciding,
  GatedPolicy,
  GatedVerifier,
  resetSeams,
  verifying,
} from '../support/gated-seams.js';
import type { Gate } from '../support/gate.js';
import { ROOM } from '../support/live-room.js';
import { nodeOf } from '../support/node-of.js';

@RoomGateway('/:room', { policy: GatedPolicy })
class WaitingGateway {}

const GATES: readonly (readonly [string, Gate])[] = [
  ['the verifier', verifying],
  ['the policy', deciding],
];

describe.each(GATES)('Somebody who waits at the door for %s', (_, gate) => {
  let testbed: RoomgateTestbed;
  beforeEach(async () => {
    testbed = await createRoomgateTestbed({
      roomgate: { roomIdleMs: 0 },
      providers: [WaitingGateway, GatedPolicy],
      verifier: GatedVerifier,
    });
    gate.hold();
  });
  afterEach(async () => {
    resetSeams();
    await testbed.close();
  });

  it.each<[string, (by: RevocationService) => Promise<void>]>([
    ['its token is revoked', (by) => by.revokeToken('j')],
    ['its session is revoked', (by) => by.revokeSession('s')],
    ['its subject is revoked', (by) => by.revokeSubject({ subject: 'alice' })],
    ['it is blocked', (by) => by.block({ subject: 'alice' })],
  ])('is refused when %s meanwhile, and nothing of it stays', async (_name, revoke) => {
    const token = testbed.mint({ sub: 'alice', rooms: [ROOM], claims: { jti: 'j', sid: 's' } });
    const refused = testbed.expectRefused(401, 'token_revoked', { token, path: `/${ROOM}` });
    await testbed.settle();
    expect(gate.waiting).toBe(1);
    await revoke(testbed.get(RevocationService));
    gate.open();
    await refused;
    const { registry, memberships, wheel } = nodeOf(testbed);
    expect([registry.size, memberships.size, wheel.size]).toEqual([0, 0, 0]);
    expect(testbed.get(RoomService).members(ROOM)).toEqual([]);
  });

  it('is let in when somebody else was revoked, or when it was unblocked in time', async () => {
    const alice = testbed.connectAs({ sub: 'alice', rooms: [ROOM], claims: { jti: 'j' } });
    await testbed.settle();
    const service = testbed.get(RevocationService);
    await service.block({ subject: 'alice' });
    await service.block({ subject: 'bob' });
    await service.unblock({ subject: 'alice' });
    gate.open();
    expect((await alice).hello.sub).toBe('alice');
  });
});

describe('Somebody who waits at the door for the policy', () => {
  it.each<[string, (rooms: RoomService) => unknown]>([
    ['the room is reauthorized', (rooms) => rooms.room(ROOM).reauthorize()],
    ['a subject is reauthorized', (rooms) => rooms.reauthorize({ identity: 'whoever' })],
    ['the room is closed', (rooms) => rooms.room(ROOM).close()],
  ])('has to come again when %s meanwhile: its answer is from before', async (_name, act) => {
    const testbed = await createRoomgateTestbed({ providers: [WaitingGateway, GatedPolicy] });
    deciding.hold();
    const token = testbed.mint({ rooms: [ROOM] });
    const refused = testbed.expectRefused(503, 'unavailable', { token, path: `/${ROOM}` });
    await testbed.settle();
    expect(deciding.waiting).toBe(1);
    await act(testbed.get(RoomService));
    deciding.open();
    expect((await refused).headers['retry-after']).toBeDefined();
    expect(nodeOf(testbed).registry.size).toBe(0);
    resetSeams();
    await testbed.close();
  });
});
