import { FakeClock } from 'nestjs-roomgate/testing';
import type { BacklogOwner } from '../../src/connection/backlog.js';
import { Outbox, Turn } from '../../src/connection/outbox.js';
import type { SlowConsumerPolicy } from '../../src/connection/slow-consumer.js';
import { TimingWheel } from '../../src/connection/timing-wheel.js';
import { frameTexts } from './frame-texts.js';
import { HeldSocket } from './held-socket.js';

/** The part of a connection that its outbox sees, with an outbox. */
export class FakeOwner implements BacklogOwner {
  readonly socket = new HeldSocket();
  readonly outbox: Outbox;
  isAlive = true;
  isOpen = true;
  generation = 0;
  timesStalled = 0;
  readonly clock = new FakeClock();

  constructor(
    readonly turn = new Turn(() => new FakeClock().now()),
    readonly id = 'member',
    maxOutboxBytes = 1_048_576,
    policy: SlowConsumerPolicy = 'close',
  ) {
    this.outbox = new Outbox(this, {
      turn,
      maxOutboxBytes,
      clock: this.clock,
      wheel: new TimingWheel(this.clock),
      slowReaderMs: 30_000,
      slowConsumerRule: () => ({ policy, hasHistory: true }),
    });
  }

  mayRead(): boolean {
    return this.isAlive;
  }

  whyMuted(): string {
    return 'token_expired';
  }

  isWritable(): boolean {
    return this.isOpen;
  }

  onReaderStalled(): void {
    this.timesStalled += 1;
  }

  send(text: string, isControl = false): boolean {
    return this.outbox.addText(text, isControl);
  }

  /** What was handed to the socket. */
  get texts(): string[] {
    return frameTexts(this.socket.bytes);
  }
}
