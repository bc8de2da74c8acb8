import type { RoomId, RoomKey } from '../admission/room-id.js';
import type { HistoryRight } from '../admission/room-policy.js';
import type { ServerConnection } from '../connection/connection.js';
import { patience, readsWithin, type Turn } from '../connection/outbox.js';
import type { CatchUpRun, Membership } from '../connection/ports.js';
import type { Whereabouts } from '../connection/room-batch.js';
import { encodeGap } from '../connection/system-messages.js';
import type { TimingWheel } from '../connection/timing-wheel.js';
import type { Clock } from '../core/clock.js';
import type { HistoryLimits, HistoryPage, Publication, RoomEngine } from './engine/engine.js';
import type { HeldPublications, LocalRoom, PlacedFrame } from './local-room.js';
import type { Memberships } from './membership.js';
import { encodePublication, type KnownBodies } from './delivery.js';
import type { SettingsOfRooms } from './room-settings.js';

/** Up to where a client has a room, and the connection by which it got that far. */
export type Since = Whereabouts & { readonly connectionId?: string };

interface CatchingUp {
  readonly room: LocalRoom;
  readonly held: HeldPublications;
  readonly history: HistoryLimits;
  readonly isAsked: boolean;
}

/**
 * Gives members what they missed: every publication since, in order and once, then the live ones without gap or overlap, or else
 * one `gap` and the live ones. All or nothing: who gets a `gap` has been given nothing of what was missing.
 */
export class Recovery {
  constructor(
    private readonly ports: {
      readonly engine: RoomEngine;
      readonly memberships: Memberships;
      readonly settings: SettingsOfRooms;
      readonly bodies: KnownBodies;
      readonly clock: Clock;
      readonly deadlineMs: number;
      readonly maxOutboxBytes: number;
      /** Counts what a member has asked for by its position against its rate. */
      readonly charge?: (connection: ServerConnection, bytes: number) => void;
    },
  ) {}

  /**
   * Holds the room back from a member until it has what was published behind `from`. `isAsked`: the member came with this
   * position, and pays for what it gets.
   */
  begin(connection: ServerConnection, key: RoomKey, from: Since, isAsked = false): void {
    const { memberships, settings } = this.ports;
    const room = memberships.get(key);
    const membership = connection.memberships.find((held) => held.key === key);
    const { history } = settings.ofKey(key);
    if (!room || !membership) return;
    if (!history) return tellGap(connection, membership);
    const { maxOutboxBytes } = this.ports;
    const catchUp = (connection.state.catchUp ??= { bytes: 0, maxBytes: maxOutboxBytes, runs: [] });
    const held = room.suspend(connection, from, catchUp);
    if (!held) return;
    const catchingUp = { room, held, history, isAsked };
    const run = (): Promise<void> =>
      this.#run(connection, membership, catchingUp).catch(() => {
        // An engine may be of the application's make, and its page anything.
        if (room.heldFrom(connection) === held) giveUp(connection, membership, catchingUp);
      });
    inTurn(catchUp.runs, held, () => void run());
  }

  /** Publications were dropped while the connection was muted: goes on from where each room had got to. */
  resume(connection: ServerConnection, missed: ReadonlyMap<RoomKey, Whereabouts>): void {
    for (const [key, from] of missed) {
      // What came since is read with the rest; handed over now it would come before it.
      if (this.ports.settings.ofKey(key).history) connection.outbox.drop(key);
      this.begin(connection, key, from);
    }
  }

  /** Publications may be missing for everybody in the room: it was cut off from the engine. */
  interrupted(room: LocalRoom, position: Whereabouts): void {
    const { epoch, offset } = room.position;
    if (epoch === position.epoch && offset >= position.offset) return;
    const members = [...room.members.values()];
    const positions = members.map(
      (member) => room.heldFrom(member)?.from ?? room.positionOf(member),
    );
    room.begin(position);
    for (const [index, from] of positions.entries())
      this.begin(members[index] as ServerConnection, room.key, from);
  }

  async #run(
    connection: ServerConnection,
    membership: Membership,
    catchingUp: CatchingUp,
  ): Promise<void> {
    const { room, held, history, isAsked } = catchingUp;
    for (;;) {
      // What was missed is handed over in one piece; a reader that is behind gets it when it has caught up. Until then nothing is
      // read for it: what is read counts like what waits in its outbox.
      if (connection.outbox.backlogBytes > 0) {
        const reads = await this.#catchesUp(connection);
        if (room.heldFrom(connection) !== held) return;
        if (!reads) return connection.onReaderStalled();
      }
      if (held.isIncomplete) held.restart();
      const { from } = held;
      const delivered = room.position;
      const page = await this.#read(room.key, from.offset, history);
      if (room.heldFrom(connection) !== held) return;
      // Something else was said to it meanwhile that it has not read yet: the page is read again.
      if (!connection.outbox.isDrained()) continue;
      const { room: id, rights, former } = membership;
      const missed =
        page &&
        leadsOn(page, from, delivered) &&
        missedIn(page, from, rights.history, this.ports.bodies);
      if (page && missed) {
        if (held.isIncomplete) continue;
        const { epoch } = page.position;
        // What was said while the reader was waited for is held, and also in the page.
        const { before } = held;
        const offset = before ?? page.position.offset;
        const given = missed.filter((publication) => publication.offset <= offset);
        const frames = framesOf(given, id, epoch, [connection.id, former]);
        const bytes = frames.reduce((sum, { frame }) => sum + frame.length, 0);
        if (isAsked) this.ports.charge?.(connection, bytes);
        return room.resume(connection, [...frames, ...held.after(offset)], offset);
      }
      return giveUp(connection, membership, catchingUp, page);
    }
  }

  /** Waits until the member has read what waits for it; false when it reads nothing at all. */
  async #catchesUp({ outbox }: ServerConnection): Promise<boolean> {
    const { clock, deadlineMs } = this.ports;
    let reads = true;
    while (reads && !outbox.isDrained())
      reads = await readsWithin(outbox, clock, patience(deadlineMs));
    return reads;
  }

  /** Without an answer what was missed cannot be given. */
  async #read(
    key: RoomKey,
    after: number,
    { size: limit, maxBytes }: HistoryLimits,
  ): Promise<HistoryPage | undefined> {
    try {
      return await this.ports.engine.read(key, { after, limit, maxBytes });
    } catch {
      return undefined;
    }
  }
}

/** One room of a member after the other: it has one page in memory, however many rooms it is in. */
function inTurn(runs: CatchUpRun[], held: HeldPublications, run: () => void): void {
  const one: CatchUpRun = { run, isBegun: false };
  runs.push(one);
  held.onEnd = () => {
    runs.splice(runs.indexOf(one), 1);
    // Behind what this room is about to be given.
    if (one.isBegun) queueMicrotask(() => begin(runs[0]));
  };
  if (runs.length === 1) begin(one);
}

/** Once: two that read for one room would each take what the other has not seen for held. */
function begin(turn: CatchUpRun | undefined): void {
  if (!turn || turn.isBegun) return;
  turn.isBegun = true;
  turn.run();
}

/** Goes on with what was said meanwhile, behind a gap. */
function giveUp(
  connection: ServerConnection,
  membership: Membership,
  { room, held }: CatchingUp,
  page?: HistoryPage,
): void {
  const { from } = held;
  const { epoch, offset } = room.positionOf(connection);
  const upTo = Math.max(held.before ?? offset, from.epoch === epoch ? believed(from, page) : 0);
  tellGap(connection, membership, { epoch, offset: upTo });
  room.resume(connection, held.after(upTo), upTo);
}

/** As a control frame: it is said once, and what it says holds for a connection that is muted too. */
function tellGap(
  connection: ServerConnection,
  { key, room }: Membership,
  position?: Whereabouts,
): void {
  connection.outbox.missed.forget(key);
  connection.sendText(encodeGap(room, position), true);
}

/** A client may have got further than the room has here. What cannot be checked is believed: who lies misses something itself. */
function believed({ offset, epoch }: Whereabouts, page: HistoryPage | undefined): number {
  return page?.position.epoch === epoch && page.position.offset < offset ? 0 : offset;
}

/** Whether the page goes on from the position. What was delivered before it was read has to be in it: that is not held. */
function leadsOn({ position }: HistoryPage, from: Whereabouts, delivered: Whereabouts): boolean {
  const isOfOneLife = position.epoch === from.epoch && position.epoch === delivered.epoch;
  return isOfOneLife && position.offset >= Math.max(from.offset, delivered.offset);
}

/** Everything behind the position, or undefined when something of it is gone, or is not for this member. */
function missedIn(
  { publications, position }: HistoryPage,
  from: Whereabouts,
  right: HistoryRight,
  bodies: KnownBodies,
): readonly Publication[] | undefined {
  if (from.offset === position.offset) return [];
  const [first] = publications;
  if (right === false || first?.offset !== from.offset + 1) return undefined;
  // Nodes of two versions may keep, and ask for, different parts.
  if (publications.length !== position.offset - from.offset) return undefined;
  if (!publications.every((publication) => bodies.isReadable(publication))) return undefined;
  return right === true || first.publishedAt >= right.notBefore ? publications : undefined;
}

function framesOf(
  publications: readonly Publication[],
  room: RoomId,
  epoch: string,
  connectionIds: readonly (string | undefined)[],
): PlacedFrame[] {
  return publications
    .filter(({ except }) => except === undefined || !connectionIds.includes(except))
    .map((publication) => {
      const { offset } = publication;
      const frame = encodePublication(publication, { room, offset, epoch });
      return { frame, before: offset - 1, offset };
    });
}

/** How often it is looked whether revocations are confirmed again. */
const LOOK_MS = 1_000;

/**
 * Mutes all connections of the node while revocations may be missing (`onStaleAuthority: 'mute'`). It begins by the clock, with
 * the first who asks, and ends for all in one turn: one that heard what is new before it is given what it missed would get
 * some of it twice.
 */
export class StaleMute {
  #isOn = false;

  constructor(
    private readonly ports: {
      readonly clock: Clock;
      readonly wheel: TimingWheel;
      readonly turn: Turn;
      readonly isStale: () => boolean;
      readonly registry: { all(): Iterable<ServerConnection> };
      readonly recovery: Pick<Recovery, 'resume'>;
    },
  ) {}

  isOn(): boolean {
    if (!this.#isOn && this.ports.isStale()) {
      this.#isOn = true;
      this.#lookLater();
    }
    return this.#isOn;
  }

  readonly #look = (): void => {
    if (this.ports.isStale()) return this.#lookLater();
    // What waits was said before the end, and so has to be missed like the rest.
    this.ports.turn.flush();
    this.#isOn = false;
    for (const connection of this.ports.registry.all()) this.#resume(connection);
  };

  #lookLater(): void {
    const { wheel, clock } = this.ports;
    wheel.add(clock.elapsed() + LOOK_MS, this.#look);
  }

  /** One whose token has expired meanwhile goes on missing, until it is refreshed. */
  #resume(connection: ServerConnection): void {
    if (connection.isLive())
      this.ports.recovery.resume(connection, connection.outbox.missed.take());
  }
}
