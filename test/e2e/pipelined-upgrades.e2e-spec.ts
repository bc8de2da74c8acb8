import { Controller, Get, Header, Res } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { eventually } from '../support/poll.js';
import { readFrames } from '../support/raw-frames.js';
import { RawClient, upgradeBytes } from '../support/raw-http.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';

const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';
const LONG = 1_000_000;

let answerSlow: (text: string) => void = () => undefined;
let waiting = 0;

@Controller()
class PagesController {
  @Get('slow')
  slow(): Promise<string> {
    waiting += 1;
    return new Promise((resolve) => (answerSlow = resolve));
  }

  @Get('fast')
  fast(): string {
    return 'fast';
  }

  @Get('last')
  @Header('Connection', 'close')
  last(): string {
    return 'last';
  }

  /** Writes no more than the connection takes. */
  @Get('long')
  async long(@Res() response: ServerResponse): Promise<void> {
    response.setHeader('Content-Length', LONG);
    for (let sent = 0; sent < LONG; sent += 10_000)
      if (!response.write('x'.repeat(10_000)))
        await new Promise((resolve) => response.once('drain', resolve));
    response.end();
  }
}

describe('An upgrade behind other requests on its connection', () => {
  let app: RoomApp;
  let client: RawClient;

  const open = async (roomgate = {}): Promise<void> => {
    waiting = 0;
    app = await startRoomApp({
      defaultGateway: '/:room',
      controllers: [PagesController],
      roomgate,
    });
    client = await RawClient.open(app.port);
  };
  afterEach(async () => {
    client.socket.destroy();
    await app.close();
  });

  const get = (path: string): string => `GET /${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
  const upgrade = (token = app.issuer.mint({ rooms: [ROOM] }), target = `/${ROOM}`): string =>
    upgradeBytes({ target, headers: [`Authorization: Bearer ${token}`] });
  /** The status lines that came, in order. */
  const statuses = (bytes: Buffer): string[] =>
    [...bytes.toString('latin1').matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status ?? '');
  const greeting = (bytes: Buffer): string | undefined => {
    const at = bytes.indexOf('HTTP/1.1 101');
    const end = bytes.indexOf('\r\n\r\n', at);
    const frames = at === -1 || end === -1 ? [] : readFrames(bytes.subarray(end + 4));
    return frames[0] && String(frames[0].payload);
  };

  it.each([
    ['one that is slow', ['slow']],
    ['several', ['slow', 'fast', 'fast']],
  ])('is answered when they are: %s', async (_what, pages) => {
    await open();
    client.write(pages.map(get).join('') + upgrade());
    await eventually(() => waiting === 1, 'the slow page to be asked for');
    expect([client.received.length, app.node.registry.size]).toEqual([0, 0]);
    answerSlow('slow');
    const bytes = await client.until((received) => greeting(received) !== undefined);
    expect(statuses(bytes)).toEqual([...pages.map(() => '200'), '101']);
    expect(greeting(bytes)).toContain('"event":"hello"');
  });

  it('is answered behind a page that is longer than the buffers of the connection', async () => {
    await open();
    client.write(get('long') + upgrade());
    const bytes = await client.until((received) => greeting(received) !== undefined);
    expect(statuses(bytes)).toEqual(['200', '101']);
    expect(bytes.toString('latin1').split('x'.repeat(10_000)).length).toBe(LONG / 10_000 + 1);
  });

  it.each([
    ['a room with a bad token', 'a.b.c', `/${ROOM}`, '401'],
    ['nothing of ours', 'a.b.c', '/nobody', '404'],
  ])('is refused behind them, in order: %s', async (_what, token, target, status) => {
    await open();
    client.write(get('slow') + upgrade(token, target));
    await eventually(() => waiting === 1, 'the slow page to be asked for');
    answerSlow('slow');
    await client.closed;
    expect(statuses(client.received)).toEqual(['200', status]);
  });

  it('is served behind them when it is one to ignore', async () => {
    await open();
    const ignored = get('fast').replace(
      '\r\n\r\n',
      '\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
    );
    client.write(get('slow') + ignored);
    await eventually(() => waiting === 1, 'the slow page to be asked for');
    answerSlow('slow');
    const bytes = await client.until((received) => received.includes('fast'));
    expect(statuses(bytes)).toEqual(['200', '200']);
  });

  it('is let go behind a page that closes the connection', async () => {
    await open();
    client.write(get('last') + upgrade());
    await client.closed;
    expect(statuses(client.received)).toEqual(['200']);
    expect(app.node.registry.size).toBe(0);
  });

  it('is let go when the page is not there in time', async () => {
    await open();
    client.write(get('slow') + upgrade());
    await eventually(() => waiting === 1 && app.clock.pending > 0, 'it to wait');
    app.clock.advance(10_000);
    await client.closed;
    expect(client.received.length).toBe(0);
    answerSlow('slow');
    await new Promise((resolve) => setImmediate(resolve));
    expect(app.node.registry.size).toBe(0);
  });

  it('is forgotten when the client goes', async () => {
    await open({ maxPendingUpgrades: 1 });
    client.write(get('slow') + upgrade());
    await eventually(() => waiting === 1, 'the slow page to be asked for');
    client.reset();
    answerSlow('slow');
    await eventually(async () => (await app.openSockets()) === 0, 'the connection to be gone');
    client = await RawClient.open(app.port);
    client.write(upgrade());
    await client.until((received) => greeting(received) !== undefined);
  });

  it('counts apart from those for rooms, so that strangers keep a bounded number and rooms stay open', async () => {
    await open({ maxPendingUpgrades: 40 });
    const others = await Promise.all([1, 2, 3, 4].map(() => RawClient.open(app.port)));
    for (const other of others) other.write(get('slow') + upgrade());
    await eventually(() => waiting === 4, 'all to have arrived');
    await eventually(async () => (await app.openSockets()) === 3, 'two of them to be let go');
    client.write(upgrade());
    await client.until((received) => greeting(received) !== undefined);
    for (const other of others) other.socket.destroy();
  });
});
