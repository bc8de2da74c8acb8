import { randomUUID } from 'node:crypto';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';
import { ChatGateway } from '../src/chat.gateway.js';
import { ChatPolicy } from '../src/chat.policy.js';

describe('ChatGateway', () => {
  const rooms = [randomUUID()];
  const scope = 'chat:write';
  let testbed: RoomgateTestbed;

  beforeEach(async () => {
    testbed = await createRoomgateTestbed({ providers: [ChatGateway, ChatPolicy] });
  });

  afterEach(() => testbed.close());

  it('lets everyone in the room hear what is said', async () => {
    const alice = await testbed.connectAs({ sub: 'alice', rooms, scope });
    const bob = await testbed.connectAs({ sub: 'bob', rooms, scope });
    alice.send('say', 'hello');
    expect(await bob.next('said')).toMatchObject({ data: { from: 'alice', data: 'hello' } });
  });

  it('refuses a message of a token without the scope chat:write', async () => {
    const guest = await testbed.connectAs({ sub: 'guest', rooms });
    guest.send('say', 'hello');
    expect((await guest.next('exception')).data).toMatchObject({ code: 'insufficient_scope' });
  });

  it('refuses a token for another room before the 101', async () => {
    const token = testbed.mint({ sub: 'mallory', rooms: [randomUUID()] });
    await testbed.expectRefused(403, 'room_forbidden', { token, path: `/${rooms[0]}` });
  });

  it('closes the connections of a token that signs out', async () => {
    const alice = await testbed.connectAs({ sub: 'alice', rooms });
    alice.send('sign-out');
    await alice.expectClosed(4440);
  });
});
