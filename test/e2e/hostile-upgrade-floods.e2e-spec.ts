import { HostileRoom } from '../support/hostile-room.js';
import { HeldPolicy } from '../support/policies.js';
import { eventually } from '../support/poll.js';
import { RawClient } from '../support/raw-http.js';

const MANY = 300;

describe('Upgrades by the hundred', () => {
  let room: HostileRoom;

  afterEach(() => room.close());

  const knock = (): Promise<RawClient[]> =>
    Promise.all(Array.from({ length: MANY }, () => room.knock()));
  const statusesOf = async (clients: readonly RawClient[]): Promise<Set<number>> =>
    new Set(await Promise.all(clients.map(async (client) => (await client.head()).status)));
  const badRequest = (): string => room.request().replace(/Bearer \S+/, 'Bearer a.b.c');

  it('are refused for bad tokens while the room goes on, and leave nothing', async () => {
    room = await HostileRoom.open();
    const clients = await knock();
    for (const client of clients) client.write(badRequest());
    await room.expectServed();
    expect(await statusesOf(clients)).toEqual(new Set([401]));
    await room.expectNothingLeft();
  }, 30_000);

  it('are let go when they are refused and go on sending', async () => {
    room = await HostileRoom.open();
    const clients = await knock();
    for (const client of clients) client.write(badRequest() + 'x'.repeat(100_000));
    const more = setInterval(() => clients.forEach((client) => client.write('x'.repeat(1_000))), 5);
    expect(await statusesOf(clients)).toEqual(new Set([401]));
    await room.expectServed();
    await room.expectNothingLeft();
    clearInterval(more);
  }, 30_000);

  it('are let go when they are refused and never read why', async () => {
    room = await HostileRoom.open();
    const clients = await knock();
    for (const client of clients) {
      client.socket.pause();
      client.write(badRequest());
    }
    await room.expectServed();
    await room.expectNothingLeft();
  }, 30_000);

  it('are read no further while they wait for the verdict, and refused when it takes too long', async () => {
    HeldPolicy.letGo();
    const opening = HostileRoom.open({ policy: HeldPolicy });
    await eventually(() => HeldPolicy.waiting === 1, 'the good member to stand at the door');
    HeldPolicy.letGo();
    room = await opening;
    const clients = await knock();
    for (const client of clients) client.write(room.request() + 'x'.repeat(1_000_000));
    await eventually(() => HeldPolicy.waiting === MANY, 'all to stand at the door');
    await room.expectServed();
    room.app.clock.advance(5_000);
    expect(await statusesOf(clients)).toEqual(new Set([503]));
    HeldPolicy.letGo();
    room.leave();
    await room.expectNothingLeft();
  }, 30_000);
});
