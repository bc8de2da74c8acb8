import { randomUUID } from 'node:crypto';
import type { Position } from '../../../src/room/engine/engine.js';
import type { TestConnection } from 'nestjs-roomgate/testing';
import { eventually } from '../poll.js';
import { faultsIn, type Told } from './member-log.js';
import { ROOM_NAMES, type RoomName, type RoomNodes } from './room-nodes.js';

const PAUSE_MS = 10;
const RETRY_MS = 50;
const MEMBERS_PER_NODE = 2;
const LAST_WORDS = 5;

interface Member {
  readonly name: RoomName;
  readonly node: number;
  readonly log: Told[];
}

/** What was said in the room of one name. */
interface Truth {
  readonly accepted: Map<string, Position>;
  readonly failed: Set<string>;
  failures: number;
}

/** Members on every node, and every node speaking to them all the while, whatever happens to Redis. */
export class RoomPlay {
  readonly room = randomUUID();
  readonly members: Member[] = [];
  readonly #truths: Record<RoomName, Truth> = {
    kept: { accepted: new Map(), failed: new Set(), failures: 0 },
    bare: { accepted: new Map(), failed: new Set(), failures: 0 },
  };
  readonly #speakers: Promise<void>[] = [];
  #isEnded = false;

  constructor(
    private readonly nodes: RoomNodes,
    /** Whether what failed is said again with the same id; when Redis may have lost what it did, that is another publication. */
    private readonly retries: boolean,
  ) {}

  /** A test that has failed does not end it. */
  get #isOver(): boolean {
    return this.#isEnded || this.nodes.isClosed;
  }

  async begin(): Promise<void> {
    for (const node of this.nodes.nodes.keys())
      for (const name of ROOM_NAMES) {
        for (let count = 0; count < MEMBERS_PER_NODE; count++) await this.#join(node, name);
        this.#speakers.push(this.#speak(node, name));
      }
    await this.passed(20);
  }

  /** Resolves when so many more publications were accepted in each room. */
  readonly passed = async (count: number): Promise<void> => {
    const sizes = ROOM_NAMES.map((name) => this.accepted(name) + count);
    await eventually(
      () => ROOM_NAMES.every((name, index) => this.accepted(name) >= (sizes[index] as number)),
      'publications to be accepted',
      15_000,
    );
  };

  /** Resolves when another publication has failed, of which nobody knows what became. */
  readonly hasFailed = async (name: RoomName): Promise<void> => {
    const { failures } = this.#truths[name];
    await eventually(() => this.#truths[name].failures > failures, 'a publication to fail', 15_000);
  };

  accepted(name: RoomName): number {
    return this.#truths[name].accepted.size;
  }

  failed(name: RoomName): number {
    return this.#truths[name].failed.size;
  }

  gaps(name: RoomName): number {
    const logs = this.members.filter((member) => member.name === name).map(({ log }) => log);
    return logs.flat().filter(({ kind }) => kind === 'gap').length;
  }

  /** Has everybody fall silent, and returns what is wrong with what members were told, up to the last word. */
  async end(): Promise<string[]> {
    this.#isEnded = true;
    await Promise.all(this.#speakers);
    const words = new Set<string>();
    const hasAll = ({ log }: Member): boolean => {
      const told = log.at(-1);
      return told?.kind === 'said' && words.has(told.text);
    };
    // Where nothing is kept, what is lost behind a gap is lost: even a last word.
    for (let times = 0; times < LAST_WORDS && !this.members.every(hasAll); times++) {
      const word = `last ${times}`;
      words.add(word);
      for (const name of ROOM_NAMES) await this.#say(0, name, word, true);
      const isHeard = (): boolean => this.members.every(hasAll);
      await eventually(isHeard, 'the last word', 3_000).catch(() => undefined);
    }
    return this.members.flatMap((member) => {
      const { accepted, failed } = this.#truths[member.name];
      const faults = faultsIn(member.log, accepted, failed);
      if (!hasAll(member)) faults.push('has not heard the last word');
      return faults.map((fault) => `${member.name} on node ${member.node} ${fault}`);
    });
  }

  async #join(node: number, name: RoomName): Promise<void> {
    const testbed = this.nodes.nodes[node];
    if (!testbed) throw new Error('There is no such node.');
    const path = `/${name}/${this.room}`;
    let client: TestConnection | undefined;
    const isIn = async (): Promise<boolean> => {
      const identity = { path, rooms: [this.room], sub: randomUUID() };
      client = await testbed.connectAs(identity).catch(() => undefined);
      return client !== undefined;
    };
    // On a slow machine a node takes Redis for gone now and then.
    await eventually(isIn, 'a member to be let in', 10_000);
    const log: Told[] = [];
    this.members.push({ name, node, log });
    client?.socket.on('message', (bytes) => {
      // oxlint-disable-next-line typescript/no-explicit-any -- whatever comes
      const { event, data, offset } = JSON.parse((bytes as Buffer).toString()) as any;
      if (event === 'said') log.push({ kind: 'said', text: data, offset });
      else if (event === 'gap') log.push({ kind: 'gap' });
    });
  }

  async #speak(node: number, name: RoomName): Promise<void> {
    for (let count = 0; !this.#isOver; count++) {
      await this.#say(node, name, `${node}.${count}`, this.retries);
      await pause(PAUSE_MS);
    }
  }

  async #say(node: number, name: RoomName, text: string, retries: boolean): Promise<void> {
    const truth = this.#truths[name];
    const { accepted, failed } = truth;
    const publicationId = randomUUID();
    const room = this.nodes.rooms(node).room(this.room, name);
    while (!this.nodes.isClosed) {
      try {
        accepted.set(text, await room.broadcast('said', text, { publicationId }));
        return;
      } catch {
        failed.add(text);
        truth.failures += 1;
        if (!retries) return;
        await pause(RETRY_MS);
      }
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
