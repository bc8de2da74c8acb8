import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { jest } from '@jest/globals';
import { UpgradeLimits } from '../../src/adapter/upgrade-limits.js';
import { Gate } from './gate.js';
import { ROOM } from './live-room.js';
import { eventually } from './poll.js';
import { RawClient, upgradeBytes } from './raw-http.js';
import { type RoomApp, type RoomAppOptions, startRoomApp } from './room-app.js';

type Upgrade = [request: IncomingMessage, socket: Socket, head: Buffer];

/** Both ends of an upgrade request that has come. */
export interface HeldUpgrade {
  readonly client: RawClient;
  /** The server's. */
  readonly socket: Socket;
}

/** Nothing gives away the limits of an app but what is asked of them. */
const spyOnLimits = () => jest.spyOn(UpgradeLimits.prototype, 'mayKnock');

/** An app in front of whose `upgrade` listener all requests are kept, to be handed over in one turn, in the order in which they came. */
export class HeldUpgrades {
  readonly #turns = new Gate();
  readonly #all: HeldUpgrade[] = [];
  #held: Upgrade[] = [];
  #arrived: (socket: Socket) => void = () => {};
  readonly #onUpgrade: (...upgrade: Upgrade) => void;

  private constructor(
    readonly app: RoomApp,
    private readonly asked: ReturnType<typeof spyOnLimits>,
  ) {
    const { server } = app;
    const [onUpgrade] = server.listeners('upgrade');
    this.#onUpgrade = onUpgrade as (...upgrade: Upgrade) => void;
    server.removeAllListeners('upgrade');
    server.on('upgrade', (...upgrade: Upgrade) => {
      this.#held.push(upgrade);
      this.#arrived(upgrade[1]);
    });
  }

  static async open(options: RoomAppOptions): Promise<HeldUpgrades> {
    const asked = spyOnLimits();
    return new HeldUpgrades(await startRoomApp({ defaultGateway: '/:room', ...options }), asked);
  }

  get limits(): UpgradeLimits {
    return this.asked.mock.contexts[0] as UpgradeLimits;
  }

  /** Requests for one room, each of a subject of its own or without a token; resolves when all have come. */
  async knock(...subs: (string | undefined)[]): Promise<HeldUpgrade[]> {
    const upgrades: HeldUpgrade[] = [];
    for (const sub of subs) upgrades.push(await this.#knock(sub));
    return upgrades;
  }

  handOver(): void {
    const held = this.#held;
    this.#held = [];
    for (const upgrade of held) this.#onUpgrade(...upgrade);
  }

  /** From now on a turn that has come waits here too, until the test says so. */
  holdTurns(): Gate {
    const { admission } = this.app.node;
    const turn = admission.turn.bind(admission);
    this.#turns.hold();
    admission.turn = () => turn()?.then(() => this.#turns.pass());
    return this.#turns;
  }

  /** All that an upgrade can leave behind is 0 when all clients have gone. */
  async expectNothingLeft(): Promise<void> {
    this.leave();
    const isNothing = (): boolean => Object.values(this.#left()).every((count) => count === 0);
    await eventually(isNothing, 'nothing to be left', 1_000).catch(() => undefined);
    const nothing = Object.fromEntries(Object.keys(this.#left()).map((what) => [what, 0]));
    expect(this.#left()).toEqual(nothing);
  }

  leave(): void {
    for (const { client } of this.#all.splice(0)) client.socket.destroy();
  }

  async close(): Promise<void> {
    this.#turns.open();
    this.leave();
    await this.app.close();
    this.asked.mockRestore();
  }

  async #knock(sub: string | undefined): Promise<HeldUpgrade> {
    const { port, issuer } = this.app;
    const token = sub === undefined ? undefined : issuer.mint({ sub, rooms: [ROOM] });
    const headers = token === undefined ? [] : [`Authorization: Bearer ${token}`];
    const client = await RawClient.open(port);
    const arrived = new Promise<Socket>((resolve) => (this.#arrived = resolve));
    client.write(upgradeBytes({ target: `/${ROOM}`, headers }));
    const upgrade = { client, socket: await arrived };
    this.#all.push(upgrade);
    return upgrade;
  }

  #left(): Record<string, number> {
    const { registry, subjects, heartbeat, memberships } = this.app.node;
    return {
      pending: this.limits.pending.taken,
      addresses: this.limits.size,
      connections: registry.size,
      subjects: subjects.size,
      heartbeats: heartbeat.size,
      rooms: memberships.size,
    };
  }
}

/** As the server hears of it. */
export async function reset({ client, socket }: HeldUpgrade): Promise<void> {
  const closed = new Promise((resolve) => socket.once('close', resolve));
  client.reset();
  await closed;
}

/** In order. */
export const statusesOf = (upgrades: readonly HeldUpgrade[]): Promise<number[]> =>
  Promise.all(upgrades.map(async ({ client }) => (await client.head()).status));

/** Who of them has been sent anything by now. */
export const areAnswered = (upgrades: readonly HeldUpgrade[]): boolean[] =>
  upgrades.map(({ socket }) => socket.bytesWritten > 0);
