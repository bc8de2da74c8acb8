import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { HostileRoom } from '../support/hostile-room.js';

const MANY = 100;
const PATIENCE_MS = 200;

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('On %s, an upgrade request that does not end', (_name, http) => {
  let room: HostileRoom;

  const open = async (headersTimeoutMs?: number): Promise<void> => {
    room = await HostileRoom.open({ http: http(), roomgate: { headersTimeoutMs } });
  };
  afterEach(() => room.close());

  it('has ten seconds', async () => {
    await open();
    expect(Reflect.get(room.app.server, 'headersTimeout')).toBe(10_000);
    expect(Reflect.get(room.app.server, 'connectionsCheckingInterval')).toBe(250);
  }, 30_000);

  it('may come byte by byte, and in its time is admitted', async () => {
    await open();
    const client = await room.knock();
    for (const byte of room.request()) {
      client.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await client.head()).status).toBe(101);
    client.reset();
    await room.expectNothingLeft();
  }, 30_000);

  it.each([
    ['never begins', ''],
    ['begins', 'G'],
    ['has no headers', 'GET / HTTP/1.1\r\n'],
    ['lacks its last byte', undefined],
  ])(
    'is answered or cut off when its time is over, a hundred times: it %s',
    async (_what, bytes) => {
      await open(PATIENCE_MS);
      const clients = await Promise.all(Array.from({ length: MANY }, () => room.knock()));
      for (const client of clients) client.write(bytes ?? room.request().slice(0, -1));
      await room.expectServed();
      await Promise.all(clients.map(({ closed }) => closed));
      for (const { received } of clients) expect(String(received)).toMatch(/^(HTTP\/1.1 408 .*)?/);
      await room.expectServed();
      await room.expectNothingLeft();
    },
  );

  it('is cut off although a byte comes now and then', async () => {
    await open(PATIENCE_MS);
    const clients = await Promise.all(Array.from({ length: MANY }, () => room.knock()));
    for (const client of clients) client.write('GET / HTTP/1.1\r\nX: ');
    const drip = setInterval(() => clients.forEach((client) => client.write('x')), 20);
    await Promise.all(clients.map(({ closed }) => closed));
    clearInterval(drip);
    await room.expectNothingLeft();
  }, 30_000);
});
