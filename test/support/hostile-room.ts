import { randomUUID } from 'node:crypto';
import type { TestConnection } from 'nestjs-roomgate/testing';
import { dial } from './dial.js';
import { eventually } from './poll.js';
import { RawClient, upgradeBytes } from './raw-http.js';
import { readFrames } from './raw-frames.js';
import { type RoomApp, type RoomAppOptions, startRoomApp } from './room-app.js';

interface Footprint {
  readonly connections: number;
  readonly rooms: number;
  readonly deadlines: number;
  readonly sockets: number;
}

/**
 * A room with one good member in it, and a door for those who mean no good. An exception that nobody catches fails the running
 * test by itself: Jest hears of it before we could.
 */
export class HostileRoom {
  readonly #clients: RawClient[] = [];
  #asked = 0;

  private constructor(
    readonly app: RoomApp,
    readonly id: string,
    readonly neighbour: TestConnection,
    private readonly before: Footprint,
  ) {}

  static async open(options: RoomAppOptions = {}): Promise<HostileRoom> {
    const isOwn = options.providers !== undefined;
    const app = await startRoomApp({
      ...options,
      ...(isOwn ? {} : { defaultGateway: '/:room' }),
      // They all come from one address, which may not have more than a share of these.
      roomgate: { maxPendingUpgrades: 1_000_000, ...options.roomgate },
    });
    const id = randomUUID();
    const neighbour = await dial(app.port, `/${id}`, app.issuer.mint({ sub: 'good', rooms: [id] }));
    return new HostileRoom(app, id, neighbour, await footprint(app));
  }

  /** An upgrade request for the room that would be admitted, each of a subject of its own. */
  request(headers: readonly string[] = []): string {
    const token = this.app.issuer.mint({ sub: `evil-${this.#asked++}`, rooms: [this.id] });
    return upgradeBytes({
      target: `/${this.id}`,
      headers: [`Authorization: Bearer ${token}`, ...headers],
    });
  }

  /** A TCP connection that the room cleans up after. */
  async knock(): Promise<RawClient> {
    const client = await RawClient.open(this.app.port);
    this.#clients.push(client);
    return client;
  }

  /** One that was admitted and greeted, and from here on may do what it likes. */
  async enter(headers?: readonly string[]): Promise<RawClient> {
    const client = await this.knock();
    client.write(this.request(headers));
    await client.until((bytes) => framesBehindHead(bytes).length > 0);
    return client;
  }

  /** The good member is answered, and hears what is said in the room. */
  async expectServed(): Promise<void> {
    const said = randomUUID();
    expect((await this.neighbour.request('say', said)).event).toBe('ack');
    expect((await this.neighbour.next('said')).data).toMatchObject({ data: said });
  }

  /** Nobody but the good member has left anything behind. */
  async expectNothingLeft(): Promise<void> {
    const wanted = JSON.stringify(this.before);
    let now = '';
    await eventually(async () => {
      now = JSON.stringify(await footprint(this.app));
      return now === wanted;
    }, `nothing to be left but ${wanted}`).catch((error: Error) => {
      throw new Error(`${error.message} There is ${now}.`);
    });
  }

  /** Has those go that are still here, without a word. */
  leave(): void {
    for (const client of this.#clients.splice(0)) client.reset();
  }

  async close(): Promise<void> {
    this.leave();
    this.neighbour.socket.terminate();
    await this.app.close();
  }
}

/** Bytes behind the 101. */
export function behindHead(bytes: Buffer): Buffer {
  const end = bytes.indexOf('\r\n\r\n');
  return end === -1 ? Buffer.alloc(0) : bytes.subarray(end + 4);
}

function framesBehindHead(bytes: Buffer): unknown[] {
  return readFrames(behindHead(bytes));
}

async function footprint(app: RoomApp): Promise<Footprint> {
  const { node } = app;
  return {
    connections: node.registry.size,
    rooms: node.memberships.size,
    deadlines: node.wheel.size,
    sockets: await app.openSockets(),
  };
}
