import { HostileRoom } from '../support/hostile-room.js';
import { RawClient } from '../support/raw-http.js';

const MANY = 300;

describe('Upgrades by the hundred', () => {
  let room: HostileRoom;

  beforeAll(async () => {
    room = await HostileRoom.open();
  });
  afterEach(() => room.leave());
  afterAll(() => room.close());

  const knock = (): Promise<RawClient[]> =>
    Promise.all(Array.from({ length: MANY }, () => room.knock()));
  const answers = (clients: readonly RawClient[]): Promise<number[]> =>
    Promise.all(clients.map(async (client) => (await client.head()).status));

  it('are refused for bad tokens while the room goes on, and leave nothing', async () => {
    const clients = await knock();
    const bytes = room.request().replace(/Bearer \S+/, 'Bearer a.b.c');
    for (const client of clients) client.write(bytes);
    await room.expectServed();
    expect(new Set(await answers(clients))).toEqual(new Set([401]));
    await room.expectNothingLeft();
  });
});
