import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { expectProblem } from '../support/expect-problem.js';
import { dial } from '../support/dial.js';
import { eventually } from '../support/poll.js';
import { ask, parseAnswer, RawClient, upgradeBytes } from '../support/raw-http.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';

const CLIENTS = 200;
const CLAIM_MS = 10_000;
const descriptors = (): number => readdirSync('/proc/self/fd').length;

describe('An upgrade request that is not for a room', () => {
  let app: RoomApp;

  beforeEach(async () => {
    app = await startRoomApp({
      defaultGateway: '/:room',
      // All of them have one address, which may have 5 %.
      roomgate: { maxPendingUpgrades: CLIENTS * 20 },
    });
  });

  afterEach(() => app.close());

  /** Another upgrade user beside us, which claims what the test tells it to. */
  function listenBeside(claim: (socket: Duplex, request: IncomingMessage) => void = () => {}): {
    seen: number;
  } {
    const other = { seen: 0 };
    app.server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
      other.seen += 1;
      socket.on('error', () => socket.destroy());
      claim(socket, request);
    });
    return other;
  }

  async function knockAtNobody(): Promise<RawClient> {
    const client = await RawClient.open(app.port);
    client.write(upgradeBytes({ target: '/nobody' }));
    return client;
  }

  const openRoom = async (): Promise<void> => {
    const room = randomUUID();
    const token = app.issuer.mint({ rooms: [room] });
    await (await dial(app.port, `/${room}`, token)).close();
  };

  it('is let go when nobody has claimed it in time, and its descriptor returns', async () => {
    const other = listenBeside();
    await openRoom();
    const before = descriptors();
    const clients = await Promise.all(Array.from({ length: CLIENTS }, knockAtNobody));
    await eventually(() => other.seen === CLIENTS + 1, 'all to have arrived');
    app.clock.advance(CLAIM_MS - 1);
    expect(await app.openSockets()).toBe(CLIENTS);
    app.clock.advance(1);
    await Promise.all(clients.map(({ closed }) => closed));
    expect(clients.every(({ received }) => received.length === 0)).toBe(true);
    await eventually(() => descriptors() <= before, 'the descriptors to return');
    expect(await app.openSockets()).toBe(0);
    await openRoom();
  });

  it('is forgotten when it goes away by itself', async () => {
    const other = listenBeside();
    const clients = await Promise.all(Array.from({ length: CLIENTS }, knockAtNobody));
    await eventually(() => other.seen === CLIENTS, 'all to have arrived');
    const timers = app.clock.pending;
    for (const client of clients) client.reset();
    await eventually(async () => (await app.openSockets()) === 0, 'all to be gone');
    expect(timers - app.clock.pending).toBe(CLIENTS);
  });

  it('is not touched once another listener has answered, however late', async () => {
    let claim = (): void => {};
    listenBeside((socket) => {
      claim = () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\n\r\n');
        socket.on('data', (bytes) => socket.write(bytes));
      };
    });
    const client = await knockAtNobody();
    await eventually(async () => (await app.openSockets()) === 1 && app.clock.pending > 0, 'it');
    app.clock.advance(CLAIM_MS - 1);
    claim();
    await client.head();
    app.clock.advance(CLAIM_MS * 10);
    client.write('still here?');
    await client.until((bytes) => bytes.includes('still here?'));
    client.reset();
  });

  it('is let go although an answer went over its connection before', async () => {
    const other = listenBeside();
    const client = await RawClient.open(app.port);
    client.write('GET /nobody HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await client.until((bytes) => bytes.includes('404'));
    client.write(upgradeBytes({ target: '/nobody' }));
    await eventually(() => other.seen === 1, 'it to have arrived');
    app.clock.advance(CLAIM_MS);
    await client.closed;
    expect(await app.openSockets()).toBe(0);
  });

  it('is not ours to refuse while others listen, whatever is odd about it', async () => {
    listenBeside((socket) => socket.end('HTTP/1.1 418 Mine\r\n\r\n'));
    const targets = ['*', '/x', `/${randomUUID()}`, 'http://a.test/x'];
    for (const target of targets) {
      const answer = await ask(app.port, upgradeBytes({ target, headers: ['Upgrade: other'] }));
      expect(answer.status).toBe(418);
    }
  });

  it('is told to the other listeners when it is for a room, with a socket that is closed', async () => {
    const sockets: Duplex[] = [];
    listenBeside((socket) => {
      sockets.push(socket);
      socket.end('HTTP/1.1 418 Mine\r\n\r\n');
    });
    const target = `/${randomUUID()}`;
    expectProblem(await ask(app.port, upgradeBytes({ target })), 401, 'no_token');
    await openRoom();
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  });

  it('is 404 at once when nobody else listens, two hundred times', async () => {
    const answers = await Promise.all(
      Array.from({ length: CLIENTS }, () => ask(app.port, upgradeBytes({ target: '/nobody' }))),
    );
    for (const answer of answers) expectProblem(answer, 404, 'not_found');
    await eventually(async () => (await app.openSockets()) === 0, 'the sockets to close');
  });

  it('does not keep the app from closing', async () => {
    const other = listenBeside();
    const clients = await Promise.all(Array.from({ length: 20 }, knockAtNobody));
    await eventually(() => other.seen === 20, 'all to have arrived');
    await app.app.close();
    await Promise.all(clients.map(({ closed }) => closed));
    expect(app.server.listening).toBe(false);
  });

  describe('counts as unclaimed, of which its address may have twenty', () => {
    const MOST = 20;

    beforeEach(async () => {
      await app.close();
      app = await startRoomApp({
        defaultGateway: '/:room',
        roomgate: { maxPendingUpgrades: MOST * 20 },
      });
    });

    it('and is refused when that many wait to be claimed, while rooms stay open', async () => {
      const other = listenBeside();
      const clients = await Promise.all(Array.from({ length: CLIENTS }, knockAtNobody));
      const gone = clients.map(({ closed }) => closed);
      const answered = (): RawClient[] => clients.filter(({ received }) => received.length > 0);
      await eventually(() => answered().length === CLIENTS - MOST, 'the rest to be refused');
      await eventually(async () => (await app.openSockets()) === MOST, 'the rest to be gone');
      expect(other.seen).toBe(MOST);
      const refused = answered();
      for (const { received } of refused)
        expectProblem(parseAnswer(received), 429, 'too_many_upgrades');
      await openRoom();
      app.clock.advance(CLAIM_MS);
      await Promise.all(gone);
      await openRoom();
    });

    it('and no longer, once another listener has answered', async () => {
      listenBeside((socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
      const clients = await Promise.all(Array.from({ length: CLIENTS }, knockAtNobody));
      for (const client of clients) expect((await client.head()).status).toBe(101);
      await openRoom();
      app.clock.advance(CLAIM_MS);
      expect(await app.openSockets()).toBe(CLIENTS);
      for (const client of clients) client.reset();
    });

    it('and no longer, once it has gone away', async () => {
      const other = listenBeside();
      const clients = await Promise.all(Array.from({ length: MOST }, knockAtNobody));
      await eventually(() => other.seen === MOST, 'all to have arrived');
      for (const client of clients) client.reset();
      await eventually(async () => (await app.openSockets()) === 0, 'all to be gone');
      await openRoom();
    });
  });

  it('counts among the attempts of its address', async () => {
    await app.close();
    app = await startRoomApp({
      defaultGateway: '/:room',
      roomgate: { maxUpgradesPerAddress: 2 },
    });
    listenBeside((socket) => socket.end('HTTP/1.1 418 Mine\r\n\r\n'));
    const statuses: number[] = [];
    for (let n = 0; n < 4; n++)
      statuses.push((await ask(app.port, upgradeBytes({ target: '/nobody' }))).status);
    expect(statuses).toEqual([418, 418, 429, 429]);
  });
});
