import { randomUUID } from 'node:crypto';
import { dial } from '../support/dial.js';
import { RoomProcess } from '../support/room-process.js';

/** In a process of its own: inside of a test run nobody hears of an unhandled rejection. */
describe('A broadcast or an order that fails and that nobody awaits', () => {
  it('does not end the process', async () => {
    const server = await RoomProcess.start();
    const rooms = [randomUUID()];
    const token = await server.mint({ rooms });
    const client = await dial(server.port, `/careless/${rooms[0]}`, token);
    for (let n = 0; n < 3; n++)
      expect(await client.request('float')).toMatchObject({ event: 'ack', data: 'floated' });
    expect(server.isAlive).toBe(true);
    await client.close();
    expect(await server.stop()).toBe(0);
  });
});
