import type { RedisAddress, RedisReply } from './connection.js';
import { type LinkEvents, RedisLink } from './link.js';
import { RedisSession, type SessionPorts } from './session.js';

export interface NetworkEvents extends LinkEvents {
  /** Other links may be responsible for what was subscribed. `from`: by group, those that were and are still in use. */
  moved(from: ReadonlyMap<number, RedisLink>): void;
}

/** The processes of Redis that hold the data, one or many, and which of them holds what. */
export interface RedisNetwork {
  /** PUBLISH, or SPUBLISH in a cluster. */
  readonly publishes: 'PUBLISH' | 'SPUBLISH';
  /** Begins to connect; resolves when every process can be reached. */
  start(): Promise<void>;
  /** What may be asked for in one call: tags of the same number. */
  groupOf(tag: string): number;
  /** The link to what is responsible for the tag; undefined while nobody is known to be. */
  linkOf(tag: string): RedisLink | undefined;
  /** Something was asked of a process that is not responsible: looks who is. */
  refresh(): Promise<void>;
  /** Whether every process can be reached. */
  readonly isUp: boolean;
  /** Whether at least one of them can. */
  readonly isUpInPart: boolean;
  stop(): void;
}

/** One Redis, wherever the client of the application finds its master. */
export class SingleNetwork implements RedisNetwork {
  readonly publishes = 'PUBLISH';
  readonly #link: RedisLink;
  #started: () => void = () => undefined;

  constructor(ports: Omit<SessionPorts, 'message'>, events: NetworkEvents) {
    this.#link = new RedisLink(ports, {
      message: (link, channel, body) => events.message(link, channel, body),
      up: (link) => {
        this.#started();
        events.up(link);
      },
      down: (link) => events.down(link),
    });
  }

  get isUp(): boolean {
    return this.#link.isUp;
  }

  get isUpInPart(): boolean {
    return this.isUp;
  }

  start(): Promise<void> {
    const started = new Promise<void>((resolve) => (this.#started = resolve));
    void this.#link.run();
    return started;
  }

  groupOf(): number {
    return 0;
  }

  linkOf(): RedisLink {
    return this.#link;
  }

  async refresh(): Promise<void> {
    // There is nobody else.
  }

  stop(): void {
    this.#link.stop();
  }
}

const LOOK_MS = 5_000;
/** While somebody cannot be reached. */
const LOOK_SOON_MS = 250;

/** A Redis Cluster: a link to each master, and who has which slot, looked at again whenever somebody is missing or has moved. */
export class ClusterNetwork implements RedisNetwork {
  readonly publishes = 'SPUBLISH';
  readonly #links = new Map<string, RedisLink>();
  #owners: (RedisLink | undefined)[] = [];
  #looking: Promise<void> | undefined;
  #cancelLook = (): void => undefined;
  #isStopped = false;
  #started: () => void = () => undefined;

  constructor(
    private readonly ports: Omit<SessionPorts, 'message'>,
    private readonly events: NetworkEvents,
  ) {}

  get isUp(): boolean {
    const links = [...this.#links.values()];
    return this.#owners.filter(Boolean).length === SLOTS && links.every((link) => link.isUp);
  }

  get isUpInPart(): boolean {
    return [...this.#links.values()].some((link) => link.isUp);
  }

  start(): Promise<void> {
    const started = new Promise<void>((resolve) => (this.#started = resolve));
    void this.#look();
    return started;
  }

  groupOf(tag: string): number {
    return slotOf(tag);
  }

  linkOf(tag: string): RedisLink | undefined {
    return this.#owners[slotOf(tag)];
  }

  /** One look for all who ask at the same time. Never rejects: what cannot be learned is looked at again. */
  refresh(): Promise<void> {
    return (this.#looking ??= this.#ask()
      // Where to begin is told by code of the application.
      .catch(() => undefined)
      .finally(() => (this.#looking = undefined)));
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelLook();
    for (const link of this.#links.values()) link.stop();
  }

  async #look(): Promise<void> {
    this.#cancelLook();
    await this.refresh();
    if (this.#isStopped) return;
    this.#cancelLook();
    const delayMs = this.isUp ? LOOK_MS : LOOK_SOON_MS;
    this.#cancelLook = this.ports.clock.setTimer(() => void this.#look(), delayMs);
  }

  async #ask(): Promise<void> {
    for (const link of this.#links.values()) {
      const { address } = link;
      if (link.isUp && address && (await this.#learn(link, address))) return;
    }
    for (const address of this.#strangers()) {
      const session = await RedisSession.open({ ...this.ports, message: () => undefined }, address)
        // Whoever is a replica knows nothing of use to us that a master does not.
        .catch(() => undefined);
      const isLearned = session && (await this.#learn(session, address));
      session?.close();
      if (isLearned) return;
    }
  }

  /** Whether it could be learned from there: no answer is as good as one that says nothing, or cannot be read. */
  async #learn(from: Pick<RedisLink, 'call'>, address: RedisAddress): Promise<boolean> {
    try {
      const { dialer } = this.ports;
      const reply = await from.call('CLUSTER', ['SLOTS']);
      return this.#take(
        ownersIn(reply, address, (announced) => dialer.reachedAt?.(announced) ?? announced),
      );
    } catch {
      return false;
    }
  }

  /** Processes that the client of the application knows, and no link leads to. */
  #strangers(): RedisAddress[] {
    const seeds = this.ports.dialer.seeds();
    return seeds.filter((address) => !this.#links.get(nameOf(address))?.isUp);
  }

  #take(owners: ReadonlyMap<number, RedisAddress>): boolean {
    if (owners.size === 0 || this.#isStopped) return false;
    const before = this.#owners;
    this.#owners = Array.from({ length: SLOTS }, (_, slot) => {
      const address = owners.get(slot);
      return address && this.#linkTo(address);
    });
    const inUse = new Set(this.#owners);
    for (const [name, link] of this.#links) {
      if (inUse.has(link)) continue;
      this.#links.delete(name);
      link.stop();
    }
    const changed = [...this.#owners.keys()].filter((slot) => this.#owners[slot] !== before[slot]);
    const from = new Map<number, RedisLink>();
    for (const slot of changed) {
      const link = before[slot];
      if (link && inUse.has(link)) from.set(slot, link);
    }
    if (changed.length > 0) this.events.moved(from);
    return true;
  }

  #linkTo(address: RedisAddress): RedisLink {
    const name = nameOf(address);
    let link = this.#links.get(name);
    if (link) return link;
    const { events } = this;
    link = new RedisLink(
      this.ports,
      {
        message: (link, channel, body) => events.message(link, channel, body),
        up: (up) => {
          events.up(up);
          if (this.isUp) this.#started();
        },
        down: (down) => {
          events.down(down);
          if (!this.#isStopped) void this.#look();
        },
        refused: () => void this.refresh(),
      },
      address,
    );
    this.#links.set(name, link);
    void link.run();
    return link;
  }
}

function nameOf({ host, port }: RedisAddress): string {
  return `${host} ${port}`;
}

/** Slots that Redis Cluster distributes keys over. */
export const SLOTS = 16_384;

const CRC16 = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/** The slot of a hash tag: CRC16 (XMODEM) of its bytes, as the Redis Cluster specification says. */
export function slotOf(tag: string): number {
  let crc = 0;
  for (const byte of Buffer.from(tag)) crc = (crc << 8) ^ (CRC16[((crc >> 8) ^ byte) & 0xff] ?? 0);
  return (crc & 0xffff) % SLOTS;
}

/** Who is responsible for each slot, by the answer to `CLUSTER SLOTS` of a process at `asked`. `reachedAt`: where an announced address is reached. */
export function ownersIn(
  reply: RedisReply,
  asked: RedisAddress,
  reachedAt: (announced: RedisAddress) => RedisAddress = (announced) => announced,
): Map<number, RedisAddress> {
  const owners = new Map<number, RedisAddress>();
  for (const row of Array.isArray(reply) ? (reply as RedisReply[]) : []) {
    const [first, last, master] = row as [number, number, RedisReply[] | undefined];
    if (!Array.isArray(master)) continue;
    const [host, port] = master;
    // Without a host it is the one that was asked.
    const owner = reachedAt({ host: String(host ?? '') || asked.host, port: Number(port) });
    for (let slot = Math.max(first, 0); slot <= last && slot < SLOTS; slot++)
      owners.set(slot, owner);
  }
  return owners;
}
