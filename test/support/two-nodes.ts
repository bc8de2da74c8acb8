import { setImmediate as turn } from 'node:timers/promises';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestbedOptions,
} from 'nestjs-roomgate/testing';
import { DelayedEngine } from '../../src/toolkit/testing/delayed.engine.js';
import { GatedPolicy } from './gated-seams.js';
import { LiveGateway } from './live-room.js';
import { typeOf } from './recording-engine.js';
import { type EngineView, SharedEngine } from './shared-engine.js';

/** Two nodes with everything of their own but the engine that both of them reach, with a seed behind random delays. */
export class TwoNodes {
  readonly shared = new SharedEngine();
  readonly views: readonly [EngineView, EngineView] = [this.shared.view(), this.shared.view()];
  one!: RoomgateTestbed;
  two!: RoomgateTestbed;

  static async start(seed?: number, options: TestbedOptions = {}): Promise<TwoNodes> {
    const nodes = new TwoNodes();
    const [one, two] = nodes.views.map((view) =>
      createRoomgateTestbed({
        providers: [LiveGateway, GatedPolicy],
        ...options,
        engine: typeOf(seed === undefined ? view : new DelayedEngine(seed, 4, view)),
      }),
    );
    nodes.one = (await one) as RoomgateTestbed;
    nodes.two = (await two) as RoomgateTestbed;
    return nodes;
  }

  async settle(): Promise<void> {
    for (let turns = 0; turns < 40; turns++) await turn();
  }

  async close(): Promise<void> {
    await this.one.close();
    await this.two.close();
  }
}
