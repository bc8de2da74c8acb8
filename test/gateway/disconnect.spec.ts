import { randomUUID } from 'node:crypto';
import {
  RevocationService,
  RoomGateway,
  type RoomAccess,
  RoomPolicy,
  RoomService,
} from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';

const ROOM = randomUUID();
let isHanging = false;

class HangingPolicy extends RoomPolicy {
  join(_access: RoomAccess): Promise<boolean> {
    return isHanging ? new Promise(() => undefined) : Promise.resolve(true);
  }
}

@RoomGateway('/:room', { policy: HangingPolicy })
class AnyGateway {}

describe('Ending connections by hand', () => {
  let testbed: RoomgateTestbed;

  beforeEach(async () => {
    isHanging = false;
    testbed = await createRoomgateTestbed({ providers: [AnyGateway, HangingPolicy] });
  });
  afterEach(() => testbed.close());

  it('closes the connections of a subject, or one, and lets them come back', async () => {
    const [first, second, bob] = [
      await testbed.connectAs({ sub: 'alice', rooms: [ROOM] }),
      await testbed.connectAs({ sub: 'alice', rooms: [ROOM] }),
      await testbed.connectAs({ sub: 'bob', rooms: [ROOM] }),
    ];
    const service = testbed.get(RevocationService);
    expect(await service.disconnect({ connectionId: bob.hello.connectionId })).toBe(1);
    expect(await service.disconnect({ connectionId: bob.hello.connectionId })).toBe(0);
    expect(await service.disconnect({ connectionId: 'nobody' })).toBe(0);
    expect(await service.disconnect({ subject: 'alice' })).toBe(2);
    for (const client of [first, second, bob]) {
      expect((await client.next('goodbye')).data).toMatchObject({ code: 4440 });
      await client.expectClosed(4440);
    }
    await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
  });

  it('closes those that are in a room, and nobody else', async () => {
    const other = randomUUID();
    const inside = await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
    const joined = await testbed.connectAs({ sub: 'bob', rooms: [other] });
    await joined.request('room.join', { room: ROOM });
    const outside = await testbed.connectAs({ sub: 'alice', rooms: [other] });
    const service = testbed.get(RevocationService);
    expect(await service.disconnect({ room: ROOM, roomName: 'other' })).toBe(0);
    expect(await service.disconnect({ room: ROOM.toUpperCase() })).toBe(2);
    for (const client of [inside, joined]) await client.expectClosed(4440);
    expect(await outside.request('room.leave', { room: ROOM })).toMatchObject({
      data: { code: 'not_a_member' },
    });
    await expect(service.disconnect({ room: 'lobby' })).rejects.toThrow(/UUID/);
    // Left alone, a failure of it does not end the process.
    void service.disconnect({ room: 'lobby' });
  });

  it('does not keep a member about whom the policy gives no answer in time', async () => {
    const alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
    isHanging = true;
    const done = testbed.get(RoomService).room(ROOM).reauthorize();
    await testbed.settle();
    await testbed.advance(5_000);
    expect(await done).toEqual({ kept: 0, left: 1 });
    await alice.expectClosed(4403);
  });
});
