import { MessageBody, SubscribeMessage, WebSocketServer } from '@nestjs/websockets';
import {
  AuditSink,
  CurrentRoom,
  MemoryEngine,
  type MembershipListener,
  type Room,
  RoomEngine,
  RoomGateway,
  RoomPolicy,
} from 'nestjs-roomgate';
import { AuthorizationHeaderExtractor } from '../../src/admission/credential.js';
import type { EventEmitter } from 'node:events';

/** Code of the application that fails where, and as, a test says. */
export const faults = new Map<string, () => unknown>();

/** What the place answers: the fault's answer, or `fine`. */
export function at<T>(place: string, fine: () => T): T {
  const fault = faults.get(place);
  return fault ? (fault() as T) : fine();
}

export class BrokenExtractor extends AuthorizationHeaderExtractor {
  override extract(...args: Parameters<AuthorizationHeaderExtractor['extract']>): never {
    return at('extractor', () => super.extract(...args)) as never;
  }
}

export class BrokenPolicy extends RoomPolicy {
  join(): boolean {
    return at('policy join', () => true);
  }

  override publish(): boolean {
    return at('policy publish', () => true);
  }

  override presence(): boolean {
    return at('policy presence', () => true);
  }

  override history(): boolean {
    return at('policy history', () => true);
  }
}

export class BrokenSink extends AuditSink {
  record(): void {
    return at('audit sink', () => undefined);
  }
}

/** Around the real one, which calls its own methods too. */
export class BrokenEngine extends RoomEngine {
  readonly #real = new MemoryEngine();

  start(...args: Parameters<MemoryEngine['start']>): void {
    this.#real.start(...args);
  }

  stop(): void {
    this.#real.stop();
  }

  subscribe(...args: Parameters<MemoryEngine['subscribe']>): never {
    return at('engine subscribe', () => this.#real.subscribe(...args)) as never;
  }

  unsubscribe(...args: Parameters<MemoryEngine['unsubscribe']>): never {
    return at('engine unsubscribe', () => this.#real.unsubscribe(...args)) as never;
  }

  publish(...args: Parameters<MemoryEngine['publish']>): never {
    return at('engine publish', () => this.#real.publish(...args)) as never;
  }

  read(...args: Parameters<MemoryEngine['read']>): never {
    return at('engine read', () => this.#real.read(...args)) as never;
  }

  enter(...args: Parameters<MemoryEngine['enter']>): never {
    return at('engine enter', () => this.#real.enter(...args)) as never;
  }

  exit(...args: Parameters<MemoryEngine['exit']>): never {
    return at('engine exit', () => this.#real.exit(...args)) as never;
  }

  renew(...args: Parameters<MemoryEngine['renew']>): never {
    return at('engine renew', () => this.#real.renew(...args)) as never;
  }

  present(...args: Parameters<MemoryEngine['present']>): never {
    return at('engine present', () => this.#real.present(...args)) as never;
  }
}

export const brokenListener: MembershipListener = {
  onJoin: () => at('onJoin', () => undefined),
  onLeave: () => at('onLeave', () => undefined),
  onRoomCreated: () => at('onRoomCreated', () => undefined),
  onRoomEmpty: () => at('onRoomEmpty', () => undefined),
};

@RoomGateway('/:room')
export class HookedGateway {
  @WebSocketServer() server!: EventEmitter;

  afterInit(): void {
    this.server.on('connection', () => at('listener of the server', () => undefined));
  }

  handleConnection(): unknown {
    return at('handleConnection', () => undefined);
  }

  handleDisconnect(): unknown {
    return at('handleDisconnect', () => undefined);
  }

  @SubscribeMessage('say')
  async say(@CurrentRoom() room: Room, @MessageBody() data: unknown): Promise<void> {
    await room.broadcast('said', { data });
  }
}
