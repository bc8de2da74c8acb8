import type { Type } from '@nestjs/common';
import type { Position, PublishOptions, RoomEngine } from '../../src/room/engine/engine.js';
import { MemoryEngine } from '../../src/room/engine/memory/memory.engine.js';

/** What was accepted. */
export interface Said {
  readonly text: string;
  readonly except: string | undefined;
  readonly publishedAt: number;
  /** How much had been accepted before, in all rooms. */
  readonly seq: number;
}

export interface Record {
  /** Every publication by the epoch of its room, in order. */
  readonly truth: Map<string, Said[]>;
  count: number;
  readonly now: () => number;
}

/** The memory engine, which writes down what it accepts. */
export class RecordingEngine extends MemoryEngine {
  constructor(private readonly record: Record) {
    super(() => record.now());
  }

  override publish(key: string, body: string | Buffer, options: PublishOptions): Position {
    const { truth, now } = this.record;
    const seq = this.record.count++;
    const position = super.publish(key, body, options);
    const { data: text } = JSON.parse(String(body)) as { data: string };
    const all = truth.get(position.epoch) ?? [];
    truth.set(position.epoch, all);
    all[position.offset - 1] = { text, except: options.except, publishedAt: now(), seq };
    return position;
  }
}

/** A class for the module to make; it always makes this one. */
export function typeOf(engine: RoomEngine): Type<RoomEngine> {
  return function () {
    return engine;
  } as unknown as Type<RoomEngine>;
}
