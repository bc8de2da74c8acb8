import {
  type EngineKey,
  type EngineSink,
  type HistoryLimits,
  type HistoryPage,
  type Position,
  type PresenceEntry,
  type PresencePage,
  type Publication,
  type PublishOptions,
  type ReadRange,
  RoomEngine,
} from '../../src/room/engine/engine.js';
import { MemoryEngine } from '../../src/room/engine/memory/memory.engine.js';

/** One memory engine for several nodes, as a store that all of them reach: each has a view with its own sink and subscriptions. */
export class SharedEngine {
  readonly views = new Set<EngineView>();
  /** What a key is called inside: another one for each life of it. */
  readonly #lives = new Map<EngineKey, number>();

  constructor(readonly inner = new MemoryEngine()) {
    inner.start({
      deliver: (inside, publication) => {
        for (const view of this.#viewsOf(inside)) view.carry(outer(inside), publication);
      },
      interrupted: () => undefined,
      presence: (inside, change) => {
        for (const view of this.#viewsOf(inside)) view.sink?.presence(outer(inside), change);
      },
    });
  }

  view(): EngineView {
    const view = new EngineView(this);
    this.views.add(view);
    return view;
  }

  inside(key: EngineKey): EngineKey {
    return `${key}#${this.#lives.get(key) ?? 0}`;
  }

  /** All that is known of the key is lost; it begins anew, and those who are subscribed are told. */
  forget(key: EngineKey): void {
    this.inner.unsubscribe(this.inside(key));
    this.#lives.set(key, (this.#lives.get(key) ?? 0) + 1);
    for (const view of this.views) view.resubscribe(key);
  }

  /** A view carries the key no more. */
  release(key: EngineKey): void {
    const isCarried = [...this.views].some((view) => view.subscriptions.has(key));
    if (!isCarried) this.inner.unsubscribe(this.inside(key));
  }

  #viewsOf(inside: EngineKey): EngineView[] {
    const key = outer(inside);
    if (inside !== this.inside(key)) return [];
    return [...this.views].filter((view) => view.subscriptions.has(key));
  }
}

interface Subscription {
  readonly history: HistoryLimits | undefined;
  /** What was said up to here is of no concern to it. */
  position: Position;
}

/** The engine of one node. */
export class EngineView extends RoomEngine {
  readonly subscriptions = new Map<EngineKey, Subscription>();
  sink: EngineSink | undefined;
  /** Whether nothing gets here: what is said meanwhile is missed. */
  isCut = false;

  constructor(private readonly hub: SharedEngine) {
    super();
  }

  start(sink: EngineSink): void {
    this.sink = sink;
  }

  publish(key: EngineKey, body: string | Buffer, options: PublishOptions): Position {
    return this.hub.inner.publish(this.hub.inside(key), body, options);
  }

  subscribe(key: EngineKey, history?: HistoryLimits): Position {
    const position = this.hub.inner.subscribe(this.hub.inside(key), history);
    this.subscriptions.set(key, { history, position });
    return position;
  }

  unsubscribe(key: EngineKey): void {
    if (this.subscriptions.delete(key)) this.hub.release(key);
  }

  read(key: EngineKey, range: ReadRange): HistoryPage {
    return this.hub.inner.read(this.hub.inside(key), range);
  }

  enter(key: EngineKey, entry: PresenceEntry, ttlMs: number): void {
    this.hub.inner.enter(this.hub.inside(key), entry, ttlMs);
  }

  exit(key: EngineKey, connectionId: string): void {
    this.hub.inner.exit(this.hub.inside(key), connectionId);
  }

  renew(key: EngineKey, entries: readonly PresenceEntry[], ttlMs: number): void {
    this.hub.inner.renew(this.hub.inside(key), entries, ttlMs);
  }

  present(key: EngineKey, limit: number): PresencePage {
    return this.hub.inner.present(this.hub.inside(key), limit);
  }

  stop(): void {
    this.hub.views.delete(this);
    for (const key of this.subscriptions.keys()) this.unsubscribe(key);
    this.sink = undefined;
  }

  carry(key: EngineKey, publication: Publication): void {
    const { offset = 0 } = this.subscriptions.get(key)?.position ?? {};
    if (!this.isCut && publication.offset > offset) this.sink?.deliver(key, publication);
  }

  /** It is reached again: what was missed can be read. */
  heal(): void {
    this.isCut = false;
    for (const [key, { history }] of this.subscriptions) {
      const position = this.subscribe(key, history);
      this.sink?.interrupted(key, position);
    }
  }

  resubscribe(key: EngineKey): void {
    const subscription = this.subscriptions.get(key);
    if (!subscription) return;
    const position = this.subscribe(key, subscription.history);
    if (!this.isCut) this.sink?.interrupted(key, position);
  }
}

function outer(inside: EngineKey): EngineKey {
  return inside.slice(0, inside.lastIndexOf('#'));
}
