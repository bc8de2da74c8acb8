import type { Admission } from '../admission/admission.js';
import type { RoomId } from '../admission/room-id.js';
import type { ConnectionAudit } from '../connection/audit.js';
import type { ServerConnection } from '../connection/connection.js';
import { MessageRate } from '../connection/rate-limit.js';
import type { Registry } from '../connection/registry.js';
import type { TimingWheel } from '../connection/timing-wheel.js';
import type { Turn } from '../connection/outbox.js';
import type { Clock } from '../core/clock.js';
import type { RoomgateOptions } from '../module/options.js';
import { Authority } from './authority.js';
import { Delivery, KnownBodies } from './delivery.js';
import type { RoomEngine } from './engine/engine.js';
import { History } from './history.js';
import { LocalOrders, Orders, OrderSender } from './orders.js';
import { Memberships, RoomLimits, RoomListeners } from './membership.js';
import { OrderReceiver } from './order-receiver.js';
import { Presence, PresenceFeed } from './presence.js';
import { Recovery, StaleMute } from './recovery.js';
import { Room } from './room.js';
import { SettingsOfRooms } from './room-settings.js';
import { RoomService } from './room.service.js';
import type { ServerRoomPorts } from './server-room.js';
import { TimelyEngine } from './timely-engine.js';

/** The rooms of one node, put together. */
export class Rooms {
  readonly settings: SettingsOfRooms;
  readonly memberships: Memberships;
  readonly recovery: Recovery;
  readonly authority: Authority;
  readonly orders: Orders;
  readonly service: RoomService;
  /** Only with `onStaleAuthority: 'mute'`. */
  readonly mute: StaleMute | undefined;
  readonly #ports: ServerRoomPorts;
  readonly #presence: Presence;
  readonly #feed: PresenceFeed;
  readonly #engine: TimelyEngine;
  readonly #bodies: KnownBodies;
  readonly #orderReceiver: OrderReceiver;

  constructor(
    ports: {
      readonly clock: Clock;
      readonly engine: RoomEngine;
      readonly turn: Turn;
      readonly wheel: TimingWheel;
      readonly registry: Registry;
      readonly audit: ConnectionAudit;
      /** Whether there may be revocations that this node has not heard of. */
      readonly isStale: () => boolean;
      /** Itself made of rooms, so it is asked for when it is needed. */
      readonly admission: () => Admission;
      readonly warn: (line: string, error: unknown) => void;
      /** @see OrderReceiver */
      readonly onUnknownOrder?: () => void;
    },
    options: RoomgateOptions,
  ) {
    const { clock, registry, audit } = ports;
    const { roomIdleMs, maxOutboxBytes, verdictDeadlineMs: deadlineMs } = options;
    const engine = (this.#engine = new TimelyEngine(ports.engine, clock, deadlineMs));
    const settings = (this.settings = new SettingsOfRooms(options));
    const bodies = (this.#bodies = new KnownBodies(engine.isAlone));
    const listeners = new RoomListeners(ports.warn);
    const presence = new Presence({ ...options, engine, settings, listeners, clock });
    const limits = new RoomLimits(settings, options);
    const parts = { ...ports, engine, settings, limits, listeners, presence, roomIdleMs };
    const memberships = new Memberships(parts);
    const rate = new MessageRate(options);
    this.recovery = new Recovery({
      charge: (connection, bytes) => rate.charge(connection, bytes, clock.elapsed()),
      engine,
      memberships,
      settings,
      bodies,
      clock,
      deadlineMs,
      maxOutboxBytes,
    });
    const within = { clock, deadlineMs };
    const { admission, isStale } = ports;
    const { recovery } = this;
    this.authority = new Authority(
      admission,
      memberships,
      recovery,
      audit,
      within,
      isStale,
      registry,
    );
    const { authority } = this;
    const local = new LocalOrders({ registry, memberships, authority });
    const sender = new OrderSender({ engine, clock, deadlineMs });
    const { warn, onUnknownOrder: onUnknown } = ports;
    const receiving = { engine, clock, local, own: sender.from, warn, onUnknown };
    this.#orderReceiver = new OrderReceiver(receiving);
    const orders = new Orders(local, sender);
    this.orders = orders;
    const history = new History(engine, settings);
    this.#ports = { engine, orders, settings, history, bodies };
    this.service = new RoomService(this.#ports, memberships, registry, listeners);
    this.memberships = memberships;
    this.#presence = presence;
    this.#feed = new PresenceFeed(clock);
    if (options.onStaleAuthority === 'mute') this.mute = new StaleMute({ ...ports, recovery });
  }

  /** A room with the rights of one of its members. */
  asMember(connection: ServerConnection, id: RoomId): Room {
    return new Room(connection, id, this.#ports);
  }

  /** @throws RoomgateError `engine_unavailable`, and whatever the engine throws. */
  async start(): Promise<void> {
    const { memberships, recovery, settings } = this;
    const bodies = this.#bodies;
    const presence = this.#presence;
    const feed = this.#feed;
    const orders = this.#orderReceiver;
    await this.#engine.start(
      new Delivery({ memberships, settings, bodies, recovery, presence, feed, orders }),
    );
    await orders.start();
  }

  async stop(): Promise<void> {
    this.#orderReceiver.stop();
    this.#presence.stop();
    this.#feed.stop();
    await this.#engine.stop();
  }
}
