import type { Clock } from '../core/clock.js';
import { RoomgateError } from '../core/errors.js';
import type {
  EngineKey,
  HistoryPage,
  MaybePromise,
  Position,
  Publication,
  RoomEngine,
} from './engine/engine.js';
import {
  type LocalOrders,
  ORDERS_HISTORY,
  ORDERS_KEY,
  parseOrder,
  type SentOrder,
  splitTold,
  tellable,
} from './orders.js';

const QUIET_MS = 10_000;
const RETRY_MS = 1_000;

/**
 * Obeys the orders of other nodes, in order and each once. What cannot be obeyed, because it is not understood or has been lost,
 * is answered by asking for all rights anew.
 */
export class OrderReceiver {
  /** What waits for its turn: nothing overtakes what was missed. */
  readonly #steps: (() => MaybePromise<void>)[] = [];
  /** Until the engine has said where orders go on, they wait too. */
  #isBusy = true;
  #position: Position = { offset: 0, epoch: '' };
  #cancelTimer: (() => void) | undefined;
  #isStopped = false;
  #isWarned = false;
  /** The latest orders that were obeyed, each with its id: one may come with its room and by the orders too. */
  readonly #obeyed = new Set<string>();
  /** Until when each line is not written again. */
  readonly #quietUntil = new Map<string, number>();

  constructor(
    private readonly ports: {
      readonly engine: RoomEngine;
      readonly clock: Clock;
      readonly local: LocalOrders;
      /** The name of this node's own orders. */
      readonly own: string;
      readonly warn: (line: string, error: unknown) => void;
      /** An order came that this version does not know: whatever else is taken away by orders may have been taken away. */
      readonly onUnknown?: () => void;
    },
  ) {}

  /** @throws RoomgateError `engine_unavailable`: a node that hears no orders must not admit anybody. */
  async start(): Promise<void> {
    const { engine } = this.ports;
    try {
      this.#position = await engine.subscribe(ORDERS_KEY, ORDERS_HISTORY);
    } catch (cause) {
      // It runs without a part of the engine, and does what a running node does that has lost that part.
      if (!engine.isAvailable) return this.#startLater();
      throw new RoomgateError(
        'engine_unavailable',
        'The engine cannot be reached, so this node would not hear what other nodes order: it does not start.',
        { cause },
      );
    }
    void this.#run();
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#isStopped = true;
  }

  /** Until the engine carries orders here; what was ordered before that is unknown. */
  #startLater(): void {
    const { engine, clock, warn } = this.ports;
    if (this.#isStopped) return;
    this.#cancelTimer = clock.setTimer(() => {
      void (async () => engine.subscribe(ORDERS_KEY, ORDERS_HISTORY))().then(
        (position) => {
          this.#position = position;
          const lost = new RoomgateError('position_unknown', 'Orders were not heard for a while.');
          this.#reauthorizeAll('Orders of other nodes may have been missed', lost);
          void this.#run();
        },
        () => this.#startLater(),
      );
    }, RETRY_MS);
    if (this.#isWarned) return;
    this.#isWarned = true;
    const gone = new RoomgateError('engine_unavailable', 'A part of the engine is out of reach.');
    warn('This node starts without hearing the orders of other nodes', gone);
  }

  /** An order that was carried with the room itself, because what carries orders is out of reach. It can concern that room only. */
  told(key: EngineKey, text: string): void {
    const { id, body } = splitTold(text);
    const sent = parseOrder(body);
    if (!sent) return this.#notUnderstood();
    if ('key' in sent.order && sent.order.key === key) this.#carryOutOnce(sent, id, body);
  }

  deliver(publication: Publication): void {
    this.#enqueue(() => this.#take(publication));
  }

  interrupted(position: Position): void {
    this.#enqueue(() => this.#catchUp(position));
  }

  #enqueue(step: () => MaybePromise<void>): void {
    this.#steps.push(step);
    if (!this.#isBusy) void this.#run();
  }

  /** In the turn of the first step, as far as none has to wait. Never rejects. */
  async #run(): Promise<void> {
    this.#isBusy = true;
    for (let step = this.#steps.shift(); step; step = this.#steps.shift()) {
      try {
        const later = step();
        if (later) await later;
      } catch (error) {
        this.#reauthorizeAll('An order of another node could not be obeyed', error);
      }
    }
    this.#isBusy = false;
  }

  #take(publication: Publication): MaybePromise<void> {
    const { offset, epoch } = this.#position;
    if (publication.offset <= offset) return undefined;
    // An engine that broke its promises must not make us miss one in silence.
    if (publication.offset > offset + 1)
      return this.#catchUp({ epoch, offset: publication.offset - 1 }).then(() =>
        this.#take(publication),
      );
    return this.#obey(publication);
  }

  #obey({ offset, body, publicationId }: Publication): void {
    this.#position = { ...this.#position, offset };
    const sent = parseOrder(body);
    if (sent) this.#carryOutOnce(sent, publicationId, String(body));
    else this.#notUnderstood();
  }

  #notUnderstood(): void {
    const unknown = new RoomgateError('invalid_data', 'An order has an unknown version or shape.');
    this.#reauthorizeAll('An order of another node was not understood', unknown);
    this.ports.onUnknown?.();
  }

  /** By id and text: whoever takes the id of another order must not have that one ignored. */
  #carryOutOnce(sent: SentOrder, id: string | undefined, body: string): void {
    if (sent.from === this.ports.own) return;
    if (id !== undefined) {
      const text = tellable(id, body);
      if (this.#obeyed.has(text)) return;
      this.#obeyed.add(text);
      // A set keeps the order in which its entries came.
      const [oldest] = this.#obeyed;
      if (this.#obeyed.size > ORDERS_HISTORY.size) this.#obeyed.delete(oldest as string);
    }
    this.#carryOut(sent);
  }

  #carryOut({ order }: SentOrder): void {
    const { local, warn } = this.ports;
    if (order.kind === 'close') local.close(order.key);
    else if (order.kind === 'disconnect') local.disconnect(order);
    else
      local.reauthorize(order).catch((error: unknown) => {
        warn('Asking for rights anew, as another node has ordered, failed', error);
      });
  }

  /** Obeys what is still to be had of the orders up to the position, and asks for all rights anew unless that was all of them. */
  async #catchUp(position: Position): Promise<void> {
    const { offset, epoch } = this.#position;
    const isSameLife = position.epoch === epoch;
    if (isSameLife && position.offset <= offset) return;
    const after = isSameLife ? offset : 0;
    const page = await this.#read(after);
    const found = page?.position.epoch === position.epoch ? page.publications : [];
    const upTo = Math.max(position.offset, found.at(-1)?.offset ?? 0);
    for (const publication of found) this.#obey(publication);
    this.#position = { epoch: position.epoch, offset: upTo };
    if (isSameLife && found.length === upTo - after) return;
    const lost = new RoomgateError('position_unknown', 'Orders cannot be read any more.');
    this.#reauthorizeAll('Orders of other nodes are missing', lost);
  }

  /** Without an answer in time none of them is known. */
  async #read(after: number): Promise<HistoryPage | undefined> {
    const { size: limit, maxBytes } = ORDERS_HISTORY;
    try {
      return await this.ports.engine.read(ORDERS_KEY, { after, limit, maxBytes });
    } catch {
      return undefined;
    }
  }

  #reauthorizeAll(line: string, error: unknown): void {
    const { local, warn, clock } = this.ports;
    // One that comes again and again must not fill the log, nor hide another.
    const now = clock.elapsed();
    if (now >= (this.#quietUntil.get(line) ?? -Infinity)) {
      warn(`${line}, so all rights are asked for anew`, error);
      this.#quietUntil.set(line, now + QUIET_MS);
    }
    local
      .reauthorize({})
      .catch((failure: unknown) => warn('Asking for all rights failed', failure));
  }
}
