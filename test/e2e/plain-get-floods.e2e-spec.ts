import { request } from 'node:http';
import { ask, type RawAnswer, upgradeBytes } from '../support/raw-http.js';
import { type RoomApp, type RoomAppOptions, startRoomApp } from '../support/room-app.js';

const TARGET = '/a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';
const MANY = 100;
const MOST = 10;

describe('Plain GETs of a room by the hundred', () => {
  let app: RoomApp;

  const start = async (roomgate: RoomAppOptions['roomgate']): Promise<void> => {
    app = await startRoomApp({ defaultGateway: '/:room', roomgate });
  };
  afterEach(() => app.close());

  const get = (host: string, ...headers: string[]): Promise<RawAnswer> =>
    ask(
      app.port,
      `GET ${TARGET} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`,
    );
  const statuses = async (count: number, make: () => Promise<RawAnswer>): Promise<number[]> => {
    const all: number[] = [];
    for (let n = 0; n < count; n++) all.push((await make()).status);
    return all;
  };

  it('are refused for a host that is not served here, before they count', async () => {
    await start({ allowedHosts: ['chat.test'], maxUpgradesPerAddress: MOST });
    expect(new Set(await statuses(MANY, () => get('evil.example')))).toEqual(new Set([403]));
    expect(String((await get('evil.example')).body)).toContain('"code":"host_not_allowed"');
    expect((await get('chat.test:3000')).status).toBe(426);
  });

  it('are refused beyond the attempts of their address, with a delay', async () => {
    await start({ maxUpgradesPerAddress: MOST });
    const got = await statuses(MANY, () => get('chat.test'));
    expect(got.slice(0, MOST)).toEqual(Array.from({ length: MOST }, () => 426));
    expect(new Set(got.slice(MOST))).toEqual(new Set([429]));
    const { headers, body } = await get('chat.test');
    expect(String(body)).toContain('"code":"too_many_upgrades"');
    expect(headers['retry-after']).toMatch(/^\d+$/);
    app.clock.advance(10_000);
    expect((await get('chat.test')).status).toBe(426);
  });

  it('share their attempts with upgrades, and with HEAD', async () => {
    await start({ maxUpgradesPerAddress: 3 });
    expect((await get('chat.test')).status).toBe(426);
    const head = upgradeBytes({ target: TARGET, method: 'HEAD', without: ['upgrade'] });
    expect(
      (await ask(app.port, head.replace('Connection: Upgrade', 'Connection: close'))).status,
    ).toBe(426);
    expect((await ask(app.port, upgradeBytes({ target: TARGET }))).status).toBe(401);
    expect((await ask(app.port, upgradeBytes({ target: TARGET }))).status).toBe(429);
    expect((await get('chat.test')).status).toBe(429);
  });

  it('count for the address that our own proxy has seen', async () => {
    await start({ maxUpgradesPerAddress: 1, trustProxyHops: 1 });
    const from = (...headers: string[]): Promise<number> =>
      get('chat.test', ...headers).then(({ status }) => status);
    expect(await from('X-Forwarded-For: 6.6.6.6, 1.1.1.1')).toBe(426);
    expect(await from('X-Forwarded-For: 7.7.7.7, 1.1.1.1')).toBe(429);
    expect(await from('X-Forwarded-For: 2.2.2.2')).toBe(426);
    expect(await from('Forwarded: for=9.9.9.9, for="[2001:db8::1]:4711"')).toBe(426);
    expect(await from('Forwarded: for="[2001:db8::2]"')).toBe(429);
    expect(await from('Forwarded: for=2.2.2.2:80;host=x')).toBe(429);
  });

  it('hold no place of those who wait', async () => {
    await start({ maxPendingUpgrades: 1 });
    const agentless = { port: app.port, host: '127.0.0.1', path: TARGET, agent: false };
    const answers = Array.from(
      { length: MANY },
      () =>
        new Promise<number>((resolve, reject) =>
          request(agentless, (response) => {
            response.resume();
            resolve(response.statusCode ?? 0);
          })
            .once('error', reject)
            .end(),
        ),
    );
    expect(new Set(await Promise.all(answers))).toEqual(new Set([426]));
  });
});
