import { createRoomgateTestbed } from 'nestjs-roomgate/testing';

const ROOM = '0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b';

describe('Refreshing with tokens that are no good', () => {
  it('is no longer looked at after some of them, for a minute, and never closes', async () => {
    const testbed = await createRoomgateTestbed({
      defaultGateway: '/:room',
      roomgate: { maxStrikes: 3 },
    });
    const alice = await testbed.connectAs({ rooms: [ROOM] });
    const refresh = async (sub: string): Promise<unknown> => {
      const reply = await alice.request('auth.refresh', {
        token: testbed.mint({ sub, rooms: [ROOM] }),
      });
      return (reply.data as { code?: string }).code ?? reply.event;
    };
    for (let n = 0; n < 3; n++) expect(await refresh('mallory')).toBe('identity_changed');
    for (let n = 0; n < 20; n++) expect(await refresh('alice')).toBe('rate_limited');
    expect(await alice.request('echo', 1)).toMatchObject({ event: 'echo', data: 1 });
    await testbed.advance(60_001);
    expect(await refresh('alice')).toBe('auth.refreshed');
    await testbed.close();
  });
});
