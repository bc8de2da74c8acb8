import { RoomService } from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';
import { FaultyEngine } from './faulty-engine.js';
import { banned, PastGateway, PastPolicy, pasts } from './past-policy.js';
import { ReaderLog } from './reader-log.js';
import { typeOf } from './recording-engine.js';
import { READERS, ROOMS, type Step } from './recovery-steps.js';
import { RoomReader } from './room-reader.js';

export const HISTORY = { size: 8, ttlMs: 30_000, maxBytes: 100_000 };

/** Does what a list of steps says to a server and its clients, then reads what the clients saw. */
export class RecoveryPlay {
  readonly readers: readonly RoomReader[];
  readonly #lost = new Map<string, { from: number; to: number }[]>();

  private constructor(
    readonly testbed: RoomgateTestbed,
    readonly engine: FaultyEngine,
  ) {
    engine.now = () => testbed.clock.now();
    const stamp = () => ({ now: testbed.clock.now(), seq: engine.count });
    const right = (sub: string, room: string) => pasts.get(`${sub} ${room}`) ?? true;
    this.readers = READERS.map(
      (sub) => new RoomReader(testbed, sub, ROOMS, (room) => right(sub, room), stamp),
    );
  }

  static async begin(seed?: number): Promise<RecoveryPlay> {
    banned.clear();
    pasts.clear();
    const engine = new FaultyEngine(seed);
    const testbed = await createRoomgateTestbed({
      providers: [PastGateway, PastPolicy],
      engine: typeOf(engine),
      roomgate: { rooms: { default: { history: HISTORY } }, maxOutboxBytes: 200_000 },
    });
    return new RecoveryPlay(testbed, engine);
  }

  async do(step: Step): Promise<void> {
    const { does, room, withPosition, ttl, count, seconds } = step;
    const { engine } = this;
    const reader = this.readers[step.who ?? 0] as RoomReader;
    const key = `default/${room}`;
    if (does === 'connect') reader.connect(room, withPosition, ttl * 1000);
    else if (does === 'come back') await this.#comeBack(reader, step);
    else if (does === 'join') reader.join(room, withPosition);
    else if (does === 'leave') reader.leave(room);
    else if (does === 'say') this.#say(step);
    else if (does === 'say to others') this.#say(step, reader.connectionId);
    else if (does === 'cut') reader.cutAfter(count);
    else if (does === 'close') reader.close();
    else if (does === 'stall') reader.stall();
    else if (does === 'go on') reader.pipe?.goOn();
    else if (does === 'refresh') reader.refresh(ttl * 1000);
    else if (does === 'refresh late') await this.#refreshLate(reader, step);
    else if (does === 'pass') this.#pass(seconds);
    else if (does === 'ban') await this.#ban(reader, room);
    else if (does === 'allow') this.#allow(reader, room);
    else if (does === 'past') await this.#setPast(reader, step);
    else if (does === 'lose') engine.cut(key);
    else if (does === 'heal') engine.heal(key);
    else if (does === 'forget') engine.forget(key);
    else if (does === 'break reads') engine.reads = [...step.faults];
    await pass(step.turns);
    if (step.turns >= 8) for (const one of this.readers) one.settled();
  }

  /** Everything goes well again, and everybody reads to the end. */
  async end(): Promise<void> {
    this.engine.healAll();
    for (const { pipe } of this.readers) pipe?.goOn();
    for (let round = 0; round < 60; round++) await this.testbed.settle();
    await this.testbed.advance(5_000);
    for (let round = 0; round < 20; round++) await this.testbed.settle();
  }

  async close(): Promise<void> {
    for (const reader of this.readers) reader.terminate();
    await this.testbed.close();
  }

  /** What went wrong, for whom and where. */
  get faults(): string[] {
    const faults: string[] = [];
    for (const reader of this.readers) {
      faults.push(...reader.faults.map((fault) => `${reader.sub}: ${fault}`));
      for (const [room, view] of reader.views) {
        const name = `${reader.sub} ${room}`;
        const { truth, brokenReads } = this.engine;
        const epoch = this.engine.epochOf(`default/${room}`);
        const lost = this.#lost.get(name) ?? [];
        const kept = brokenReads > 0 ? undefined : HISTORY;
        const log = new ReaderLog({ truth, lost, kept, epoch }).read(view);
        const isMember = this.#members(room).includes(reader.connectionId as string);
        if (isMember !== view.isIn)
          log.faults.push(`is a member: ${isMember}, sees it: ${view.isIn}`);
        if (view.isIn && !reader.isMuted) log.expectAtHead();
        faults.push(...log.faults.map((fault) => `${name} ${fault}`));
      }
    }
    return faults;
  }

  /** Its token expires while something is said, and it gets a new one within the grace. */
  async #refreshLate(reader: RoomReader, step: Step): Promise<void> {
    reader.refresh(10_000);
    await pass(8);
    this.#say({ ...step, count: 2 });
    this.#pass(15);
    await pass(step.turns);
    this.#say(step);
    await pass(step.turns);
    this.#say(step, reader.connectionId);
    reader.refresh(600_000);
    this.#say(step);
    await pass(1);
    this.#say(step);
  }

  #pass(seconds: number): void {
    // Nobody waits for them any longer.
    if (seconds >= 5) this.engine.brokenReads += this.engine.reading;
    this.testbed.clock.advance(seconds * 1000);
  }

  /** Its line breaks while something is said, and it is back at once. */
  async #comeBack(reader: RoomReader, step: Step): Promise<void> {
    this.#say({ ...step, count: 3 }, step.count % 2 === 0 ? undefined : reader.connectionId);
    reader.cutAfter(step.count);
    await pass(step.turns);
    reader.cutAfter(0);
    await pass(2);
    reader.connect(step.room, step.withPosition, step.ttl * 1000);
  }

  #say({ room, count, size }: Step, except?: string): void {
    const rooms = this.testbed.get(RoomService);
    for (let n = 0; n < count; n++)
      void rooms.room(room).broadcast('said', `${(this.#said += 1)}`.padEnd(size, '.'), { except });
  }
  #said = 0;

  async #ban({ sub, connectionId }: RoomReader, room: string): Promise<void> {
    const name = `${sub} ${room}`;
    if (banned.has(name)) return;
    banned.add(name);
    const isMember = this.#members(room).includes(connectionId as string);
    await this.testbed.get(RoomService).room(room).reauthorize();
    // Who comes only afterwards has never lost it, as far as the server knows.
    if (!isMember) return;
    const all = this.#lost.get(name) ?? [];
    this.#lost.set(name, [...all, { from: this.engine.count, to: Infinity }]);
  }

  #allow({ sub }: RoomReader, room: string): void {
    const name = `${sub} ${room}`;
    if (!banned.delete(name)) return;
    const last = this.#lost.get(name)?.at(-1);
    if (last?.to === Infinity) last.to = this.engine.count;
  }

  async #setPast({ sub, views }: RoomReader, { room, right: given }: Step): Promise<void> {
    const right = { all: true, none: false, 'from now': { notBefore: this.testbed.clock.now() } }[
      given
    ];
    pasts.set(`${sub} ${room}`, right);
    const view = views.get(room);
    // Before it is awaited: a gap for the new right may reach the client first.
    if (view?.isIn) view.log.push({ kind: 'right', right });
    await this.testbed.get(RoomService).room(room).reauthorize();
  }

  #members(room: string): string[] {
    const members = this.testbed.get(RoomService).members(room);
    return members.filter(({ isOpen }) => isOpen).map(({ id }) => id);
  }
}

async function pass(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}
