import type { Clock } from '../core/clock.js';

/** Something that is due once; the wheel keeps its two numbers. */
export interface WheelEntry {
  /** In the time of its wheel. */
  dueAt: number;
  /** Where it is in the wheel; -1 when it is not. */
  slot: number;
  onDue(): void;
}

/** A deadline in the wheel; cancel it with the wheel that made it. */
export type Deadline = Readonly<WheelEntry>;

const TICK_MS = 250;
const SLOTS = 512;

/**
 * One timer for all deadlines of a node, due within a quarter of a second and never early. Timers of Node cost too much by
 * the thousand and fire at once beyond 2^31 ms; here a deadline years away waits through as many rounds as it takes.
 */
export class TimingWheel {
  readonly #slots: (Set<WheelEntry> | undefined)[] = Array.from({ length: SLOTS });
  #size = 0;
  #tick = 0;
  #isFiring = false;
  #cancelTimer: (() => void) | undefined;

  /** `time`: the time in which deadlines are given. Default: that of durations. */
  constructor(
    private readonly clock: Clock,
    private readonly time: () => number = () => clock.elapsed(),
  ) {}

  get size(): number {
    return this.#size;
  }

  add(dueAt: number, onDue: () => void): Deadline {
    const entry = { dueAt, slot: -1, onDue };
    this.schedule(entry, dueAt);
    return entry;
  }

  /** Puts an entry that is not in the wheel into it. */
  schedule(entry: WheelEntry, dueAt: number): void {
    const nowTick = Math.floor(this.time() / TICK_MS);
    // Also when the clock was set back: a slot counted from the old time would come a whole round late.
    const isStale = this.#size === 0 || nowTick < this.#tick;
    if (isStale && !this.#isFiring) this.#tick = nowTick;
    entry.dueAt = dueAt;
    entry.slot = Math.max(Math.ceil(dueAt / TICK_MS), this.#tick + 1) % SLOTS;
    (this.#slots[entry.slot] ??= new Set()).add(entry);
    this.#size += 1;
    this.#arm();
  }

  cancel(entry: Deadline): void {
    if (this.#slots[entry.slot]?.delete(entry as WheelEntry)) this.#size -= 1;
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#slots.fill(undefined);
    this.#size = 0;
  }

  readonly #onTimer = (): void => {
    this.#cancelTimer = undefined;
    const now = this.time();
    const nowTick = Math.floor(now / TICK_MS);
    // A clock that jumped far ahead passes every slot once, not once for each tick it skipped.
    this.#isFiring = true;
    for (let tick = Math.max(this.#tick + 1, nowTick - SLOTS + 1); tick <= nowTick; tick++)
      this.#fire(tick, now);
    this.#isFiring = false;
    // Also when the clock was set back: waiting for the old time would keep every deadline from firing.
    this.#tick = nowTick;
    if (this.#size > 0) this.#arm();
  };

  /** At the end of the tick: from any other point on deadlines would be up to two ticks late. */
  #arm(): void {
    this.#cancelTimer ??= this.clock.setTimer(this.#onTimer, TICK_MS - (this.time() % TICK_MS));
  }

  #fire(tick: number, now: number): void {
    // What a callback adds for a time that has passed comes in a later slot, not in this one or one that is behind us.
    this.#tick = tick;
    for (const deadline of this.#slots[tick % SLOTS] ?? []) {
      if (deadline.dueAt > now) continue;
      this.cancel(deadline);
      deadline.onDue();
    }
  }
}

const CHECK_MS = 250;

/** A handler that runs. */
export interface Run {
  /** By `clock.elapsed()`. */
  readonly startedAt: number;
  onTimeout(): void;
}

/** Finds handlers that take too long with one timer for all of them; a timer per message would cost more than most handlers. */
export class HandlerWatch {
  readonly #running = new Set<Run>();
  #cancelTimer: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {}

  start(run: Run): void {
    this.#running.add(run);
    this.#cancelTimer ??= this.clock.setTimer(this.#check, CHECK_MS);
  }

  end(run: Run): void {
    this.#running.delete(run);
  }

  stop(): void {
    this.#running.clear();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  readonly #check = (): void => {
    this.#cancelTimer = undefined;
    const now = this.clock.elapsed();
    for (const run of this.#running) {
      // Insertion order is start order: the first that is young enough ends the search.
      if (now - run.startedAt < this.timeoutMs) break;
      this.#running.delete(run);
      run.onTimeout();
    }
    if (this.#running.size > 0) this.#cancelTimer = this.clock.setTimer(this.#check, CHECK_MS);
  };
}
