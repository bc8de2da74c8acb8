import { eventually } from '../support/poll.js';
import { maskedText } from '../support/raw-frames.js';
import { RawClient, type UpgradeLines, upgradeBytes } from '../support/raw-http.js';
import { RoomProcess } from '../support/room-process.js';

const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';
const SLOW_ROOM = '11111111-1111-4111-8111-111111111111';
const RESETS = Number(process.env.TEST_RESETS ?? 1_000);
const AT_ONCE = 25;

type Stage = (client: RawClient, bytes: string) => Promise<void>;

/** Writes, and resolves when the bytes have left the process. */
const write = (client: RawClient, bytes: string | Buffer): Promise<void> =>
  new Promise((resolve) => client.socket.write(bytes, () => resolve()));

const STAGES: Record<string, Stage> = {
  'before a byte': async () => {},
  'amid the headers': (client, bytes) => write(client, bytes.slice(0, bytes.length / 2)),
  'right after the headers': (client, bytes) => write(client, bytes),
  'a moment after the headers': async (client, bytes) => {
    await write(client, bytes);
    await new Promise((resolve) => setTimeout(resolve, 10));
  },
  'when the answer begins': async (client, bytes) => {
    await write(client, bytes);
    await client.until((received) => received.length > 0);
  },
  'with messages on the way': async (client, bytes) => {
    await write(client, bytes);
    await client.until((received) => received.length > 0);
    for (let id = 1; id <= 8; id++) client.write(maskedText(`{"event":"echo","id":${id}}`));
  },
};

describe('A process whose clients reset their connections', () => {
  let server: RoomProcess;

  beforeAll(async () => {
    server = await RoomProcess.start();
  });

  afterAll(async () => {
    expect(await server.stop()).toBe(0);
  });

  /** The requests, one per row of the verdict table that this server can answer, by what they lead to. */
  async function requests(): Promise<Map<string, string>> {
    const rooms = [ROOM, SLOW_ROOM];
    const bearer = `Authorization: Bearer ${await server.mint({ rooms })}`;
    const stranger = `Authorization: Bearer ${await server.mint({ rooms: [] })}`;
    const expired = `Authorization: Bearer ${await server.mint({ rooms, ttlMs: -60_000 })}`;
    const all: Record<string, Partial<UpgradeLines>> = {
      404: { target: '/elsewhere' },
      '404 h2c': { headers: [bearer, 'Upgrade: h2c'] },
      405: { method: 'POST' },
      400: { without: ['host'] },
      '400 version': { headers: ['Sec-WebSocket-Version: 8'] },
      '403 origin': { headers: [bearer, 'Origin: http://evil.test'] },
      '400 query': { target: `/${ROOM}?token=x` },
      401: { headers: [] },
      '401 expired': { headers: [expired] },
      '403 room': { headers: [stranger] },
      '403 late': { target: `/${SLOW_ROOM}`, headers: [stranger] },
      101: { headers: [bearer] },
      '101 late': { target: `/${SLOW_ROOM}`, headers: [bearer] },
    };
    return new Map(
      Object.entries(all).map(([name, lines]) => [
        name,
        upgradeBytes({ target: `/${ROOM}`, ...lines }),
      ]),
    );
  }

  async function resetAll(all: ReadonlyMap<string, string>, resets: number): Promise<number> {
    const jobs = [...all.values()].flatMap((bytes) =>
      Object.values(STAGES).map((stage) => ({ bytes, stage })),
    );
    let done = 0;
    const work = async (): Promise<void> => {
      while (done < resets) {
        const { bytes, stage } = jobs[done++ % jobs.length] as (typeof jobs)[number];
        const client = await RawClient.open(server.port);
        await stage(client, bytes).finally(() => client.reset());
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return done;
  }

  async function expectNothingLeft(): Promise<void> {
    const nothing = JSON.stringify({ sockets: 0, connections: 0, rooms: 0 });
    await eventually(
      async () => JSON.stringify(await server.state()) === nothing,
      'the server to forget everybody',
    );
    expect(server.isAlive).toBe(true);
  }

  it(`lives on after ${RESETS} resets at every stage of every verdict, and keeps nothing`, async () => {
    expect(await resetAll(await requests(), RESETS)).toBeGreaterThanOrEqual(RESETS);
    await expectNothingLeft();
    expect(server.output).not.toContain('ERROR');
  }, 30_000);

  it('lives on after resets while it is draining, and keeps nothing', async () => {
    const all = await requests();
    await server.drain();
    await resetAll(new Map([['503', all.get('101') as string]]), RESETS / 10);
    await expectNothingLeft();
  }, 30_000);
});
