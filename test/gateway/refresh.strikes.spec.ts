import { createRoomgateTestbed } from 'nestjs-roomgate/testing';

const ROOM = '0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b';

describe('Refreshing with tokens that are no good', () => {
  it('is a strike each, as any other message that is none of ours', async () => {
    const testbed = await createRoomgateTestbed({
      defaultGateway: '/:room',
      roomgate: { maxStrikes: 3 },
    });
    const alice = await testbed.connectAs({ rooms: [ROOM] });
    const mallory = testbed.mint({ sub: 'mallory', rooms: [ROOM] });
    for (let n = 0; n < 3; n++) {
      const { data } = await alice.request('auth.refresh', { token: mallory });
      expect(data).toMatchObject({ code: 'identity_changed' });
    }
    await alice.expectClosed(4400);
    await testbed.close();
  });
});
