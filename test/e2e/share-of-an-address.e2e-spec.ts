import { connect } from 'node:net';
import { CapturedLogger } from '../support/captured-logger.js';
import { ROOM } from '../support/live-room.js';
import { HeldPolicy } from '../support/policies.js';
import { eventually } from '../support/poll.js';
import { ask, RawClient, upgradeBytes } from '../support/raw-http.js';
import { type RoomApp, type RoomAppOptions, startRoomApp } from '../support/room-app.js';

const ATTACKER = '127.0.0.2';
const CLIENT = '127.0.0.3';
/** 5 % of the default of `maxPendingUpgrades`. */
const SHARE = 50;

describe('One address at the door', () => {
  const logger = new CapturedLogger();
  let app: RoomApp;
  let clients: RawClient[] = [];

  const start = async (options: RoomAppOptions = {}): Promise<void> => {
    logger.text = '';
    app = await startRoomApp({ defaultGateway: '/:room', logger, ...options });
  };

  afterEach(async () => {
    HeldPolicy.letGo();
    for (const { socket } of clients.splice(0)) socket.destroy();
    await app.close();
  });

  const upgrade = (...headers: string[]): string => {
    const token = app.issuer.mint({ sub: `s${clients.length}`, rooms: [ROOM] });
    return upgradeBytes({
      target: `/${ROOM}`,
      headers: [`Authorization: Bearer ${token}`, ...headers],
    });
  };

  async function knock(localAddress: string, ...headers: string[]): Promise<RawClient> {
    const over = connect({ port: app.port, host: '127.0.0.1', localAddress, noDelay: true });
    const client = await RawClient.open(app.port, over);
    clients.push(client);
    client.write(upgrade(...headers));
    return client;
  }

  it('has at most 5 % of the upgrades that may wait, without any option, and others get in', async () => {
    await start({ policy: HeldPolicy });
    const stalled: RawClient[] = [];
    for (let n = 0; n < SHARE; n++) stalled.push(await knock(ATTACKER));
    await eventually(() => HeldPolicy.waiting === SHARE, 'the share to be taken');
    expect((await (await knock(ATTACKER)).head()).status).toBe(429);
    const client = await knock(CLIENT);
    await eventually(() => HeldPolicy.waiting === SHARE + 1, 'the other address to be let on');
    HeldPolicy.letGo();
    expect((await client.head()).status).toBe(101);
  });

  it('has its share of what all addresses have together, and no more', async () => {
    await start({ policy: HeldPolicy, roomgate: { maxPendingUpgrades: 2 } });
    for (const [at, address] of [ATTACKER, CLIENT].entries()) {
      await knock(address);
      await eventually(() => HeldPolicy.waiting === at + 1, 'it to wait');
    }
    expect((await (await knock('127.0.0.4')).head()).status).toBe(429);
  });

  it('is told apart behind a proxy of ours by what the proxy says', async () => {
    await start({
      policy: HeldPolicy,
      roomgate: { trustProxyHops: 1, maxPendingUpgrades: 20 },
    });
    await knock(CLIENT, 'X-Forwarded-For: 1.1.1.1');
    await eventually(() => HeldPolicy.waiting === 1, 'the first to wait');
    expect((await (await knock(CLIENT, 'X-Forwarded-For: 1.1.1.1')).head()).status).toBe(429);
    await knock(CLIENT, 'X-Forwarded-For: 2.2.2.2');
    await eventually(() => HeldPolicy.waiting === 2, 'the second client of the proxy to wait');
    expect(logger.text).not.toContain('trustProxyHops" is 0');
  });

  it.each(['X-Forwarded-For: 6.6.6.6', 'Forwarded: for=6.6.6.6'])(
    'is warned about once when a header names another one and no proxy is trusted: %s',
    async (header) => {
      await start();
      for (let n = 0; n < 3; n++)
        expect((await (await knock(CLIENT, header)).head()).status).toBe(101);
      expect(logger.text.split('"trustProxyHops" is 0')).toHaveLength(2);
      expect(logger.text).not.toContain('6.6.6.6');
    },
  );

  it('is warned about once for a plain GET as well', async () => {
    await start();
    const get = `GET /${ROOM} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n`;
    for (let n = 0; n < 2; n++) expect((await ask(app.port, get)).status).toBe(426);
    expect(logger.text.split('"trustProxyHops" is 0')).toHaveLength(2);
  });
});
