import { FakeClock } from 'nestjs-roomgate/testing';
import { TimingWheel } from '../../src/connection/timing-wheel.js';
import { Turn } from '../../src/connection/outbox.js';
import { Delivery, KnownBodies } from '../../src/room/delivery.js';
import type { RoomEngine } from '../../src/room/engine/engine.js';
import { Memberships, RoomLimits, RoomListeners } from '../../src/room/membership.js';
import { Presence, PresenceFeed } from '../../src/room/presence.js';
import { Recovery } from '../../src/room/recovery.js';
import { SettingsOfRooms } from '../../src/room/room-settings.js';
import { TimelyEngine } from '../../src/room/timely-engine.js';
import { resolveOptions, type RoomgateModuleOptions } from '../../src/module/options.js';

/** The room stage on an engine, without connections. */
export class RoomStage {
  readonly clock = new FakeClock();
  readonly turn = new Turn(() => 0);
  readonly wheel = new TimingWheel(this.clock);
  readonly warnings: string[] = [];
  readonly listeners = new RoomListeners((line) => this.warnings.push(line));
  readonly settings: SettingsOfRooms;
  readonly presence: Presence;
  readonly memberships: Memberships;
  readonly recovery: Recovery;
  readonly sink: Delivery;

  constructor(carrier: RoomEngine, given: RoomgateModuleOptions = {}) {
    const options = resolveOptions({ roomIdleMs: 0, ...given }, false);
    const { clock, listeners, turn, wheel } = this;
    const { roomIdleMs, maxOutboxBytes, verdictDeadlineMs: deadlineMs } = options;
    const engine = new TimelyEngine(carrier, clock, deadlineMs);
    const settings = (this.settings = new SettingsOfRooms(options));
    const bodies = new KnownBodies();
    const limits = new RoomLimits(settings, options);
    const presence = (this.presence = new Presence({
      ...options,
      engine,
      settings,
      listeners,
      clock,
    }));
    const ports = {
      engine,
      turn,
      settings,
      limits,
      listeners,
      presence,
      wheel,
      clock,
      roomIdleMs,
    };
    const memberships = (this.memberships = new Memberships(ports));
    this.recovery = new Recovery({
      engine,
      memberships,
      settings,
      bodies,
      clock,
      deadlineMs,
      maxOutboxBytes,
    });
    const orders = { deliver: () => undefined, interrupted: () => undefined };
    const feed = new PresenceFeed(clock);
    const { recovery } = this;
    this.sink = new Delivery({ memberships, settings, bodies, recovery, presence, feed, orders });
  }
}
