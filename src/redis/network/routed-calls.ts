import type { Clock } from '../../core/clock.js';
import { MAX_TIMER_MS } from '../../core/option-rules.js';
import type { Script } from '../scripts/script.js';
import type { RedisArgument, RedisReply } from './connection.js';
import { isForgotten, isMoved, type RedisLink, unavailable } from './link.js';
import type { RedisNetwork } from './topology.js';

type Call = readonly [
  script: Script,
  tag: string,
  keys: readonly string[],
  args: readonly RedisArgument[],
];

/** Has scripts run by whoever is responsible, those of one group in the order of the calls, also while a slot moves. */
export class RoutedCalls {
  /** By group. */
  readonly #detours = new Map<number, Detour>();
  /** Milliseconds that a call waits on a detour: as long as one waits for a link that has gone silent. */
  readonly #patienceMs: number;

  constructor(
    private readonly network: RedisNetwork,
    private readonly clock: Clock,
    replyTimeoutMs: number,
  ) {
    this.#patienceMs = Math.min(2 * replyTimeoutMs, MAX_TIMER_MS);
  }

  /** @throws RoomgateError `engine_unavailable`, also when nobody says in time who is responsible: then it is not sent any more. */
  async eval(
    script: Script,
    tag: string,
    keys: readonly string[],
    args: readonly RedisArgument[],
  ): Promise<RedisReply> {
    // Each publication comes this way: nothing is made or looked up for it while nothing moves.
    if (this.#detours.size > 0) {
      const detour = this.#detours.get(this.network.groupOf(tag));
      if (detour) return this.#behind(detour, [script, tag, keys, args]);
    }
    const link = this.#linkOf(tag);
    try {
      return await link.eval(script, keys, args);
    } catch (error) {
      const { cause } = error as Error;
      const call: Call = [script, tag, keys, args];
      if (isMoved(cause)) return this.#again(link, call, () => this.network.refresh());
      if (isForgotten(cause)) return this.#again(link, call, () => link.load());
      throw error;
    }
  }

  /** Groups have other owners; what these links were asked for them may not be answered yet. */
  moved(from: ReadonlyMap<number, RedisLink>): void {
    // Many groups move at once, from few.
    const pings = new Map<RedisLink, Promise<unknown>>();
    for (const [group, link] of from) {
      const answered = pings.get(link) ?? ping(link);
      pings.set(link, answered);
      this.#leave(group, () => answered);
    }
  }

  #behind(detour: Detour, call: Call): Promise<RedisReply> {
    return detour.behind(() => this.eval(...call));
  }

  /** It was not done: whoever is responsible when the remedy is done is asked instead. */
  #again(
    link: RedisLink,
    [script, tag, keys, args]: Call,
    remedy: () => Promise<void>,
  ): Promise<RedisReply> {
    const detour = this.#leave(this.network.groupOf(tag), () => ping(link));
    void detour.until(remedy());
    return detour.again(async () => this.#linkOf(tag).eval(script, keys, args));
  }

  #leave(group: number, answered: () => Promise<unknown>): Detour {
    const open = this.#detours.get(group);
    if (open) return open;
    const detour = new Detour({
      clock: this.clock,
      patienceMs: this.#patienceMs,
      ended: () => this.#detours.delete(group),
    });
    this.#detours.set(group, detour);
    void detour.until(answered());
    return detour;
  }

  #linkOf(tag: string): RedisLink {
    const link = this.network.linkOf(tag);
    if (!link) throw unavailable();
    return link;
  }
}

/** Answered behind what was asked before: of groups that have moved nothing more is. Never rejects. */
function ping(link: RedisLink): Promise<unknown> {
  return link.call('PING', []).catch(() => undefined);
}

interface Waiting {
  readonly send: () => void;
  readonly giveUp: () => void;
}

/** Calls of a group whose owner changes, until what the owner before was asked is answered: none overtakes another, and none waits for ever. */
export class Detour {
  readonly #refused: Waiting[] = [];
  readonly #behind: Waiting[] = [];
  #cancelTimer: (() => void) | undefined;
  #awaited = 0;
  #isOver = false;

  constructor(
    private readonly ports: {
      readonly clock: Clock;
      /** Milliseconds that a call may wait. */
      readonly patienceMs: number;
      readonly ended: () => void;
    },
  ) {}

  /** Nothing is sent before. */
  async until(happened: Promise<unknown>): Promise<void> {
    this.#awaited += 1;
    await happened.catch(() => undefined);
    this.#awaited -= 1;
    if (this.#awaited === 0) this.#end(({ send }) => send());
  }

  /** Sent in the order in which they were refused. */
  again(call: () => Promise<RedisReply>): Promise<RedisReply> {
    return this.#wait(this.#refused, call);
  }

  /** Made while others were waiting. */
  behind(call: () => Promise<RedisReply>): Promise<RedisReply> {
    return this.#wait(this.#behind, call);
  }

  #wait(queue: Waiting[], call: () => Promise<RedisReply>): Promise<RedisReply> {
    const { clock, patienceMs } = this.ports;
    // Counted from the first of them: nobody waits longer, and one timer does for all.
    this.#cancelTimer ??= clock.setTimer(() => this.#end(({ giveUp }) => giveUp()), patienceMs);
    return new Promise((resolve, reject) => {
      queue.push({ send: () => resolve(call()), giveUp: () => reject(unavailable()) });
    });
  }

  #end(settle: (waiting: Waiting) => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelTimer?.();
    this.ports.ended();
    for (const waiting of [...this.#refused, ...this.#behind]) settle(waiting);
  }
}
