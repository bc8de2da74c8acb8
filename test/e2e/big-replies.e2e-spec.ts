import { randomUUID } from 'node:crypto';
import { SubscribeMessage } from '@nestjs/websockets';
import { CurrentConnection, type RoomConnection, RoomGateway } from 'nestjs-roomgate';
import { dial } from '../support/dial.js';
import { startRoomApp } from '../support/room-app.js';

@RoomGateway('/:room')
class BigGateway {
  @SubscribeMessage('big')
  big(): { event: string; data: string } {
    return { event: 'big', data: 'x'.repeat(1_500_000) };
  }

  @SubscribeMessage('many')
  many(@CurrentConnection() connection: RoomConnection): void {
    for (let n = 0; n < 60; n++) connection.send('part', `${n} ${'x'.repeat(40_000)}`);
  }
}

describe('A reader that keeps up', () => {
  it('is no slow one, however much of what fits into its outbox a handler sends at once', async () => {
    const app = await startRoomApp({
      providers: [BigGateway],
      roomgate: { maxOutboxBytes: 4_194_304 },
    });
    const room = randomUUID();
    const client = await dial(app.port, `/${room}`, app.issuer.mint({ rooms: [room] }));
    expect((await client.request('big')).data).toHaveLength(1_500_000);
    client.send('many');
    for (let n = 0; n < 60; n++) expect((await client.next('part')).data).toMatch(`${n} x`);
    expect((await client.request('big')).data).toHaveLength(1_500_000);
    await app.close();
  });
});
