import type { Duplex } from 'node:stream';
import { ConnectionFacts } from './connection-facts.js';
import type { ConnectionInit } from './connection-ports.js';
import { NOWHERE } from './due-beats.js';
import type { RoomSocket } from './room-socket.js';
import { unfinishedMessage } from './ws-receiver.js';

/** No payload, so all connections share one frame and nothing is encoded (RFC 6455 §5.5.2). */
const PING = Buffer.from([0x89, 0]);
const LOW_31_BITS = 0x7fff_ffff;

/** The end of a connection that faces its socket, as the heartbeat sees it. */
export abstract class SocketEnd extends ConnectionFacts {
  /** @internal */
  place = NOWHERE;
  /** @internal */
  deadline = 0;
  /** @internal */
  heard = -1;

  constructor(
    init: ConnectionInit,
    protected readonly ws: RoomSocket,
    /** @internal */
    readonly socket: Duplex,
  ) {
    super(init);
  }

  /** @internal */
  get isPaused(): boolean {
    return this.ws.isPaused;
  }

  /** @internal Only ever compared: cut to what fits into a field without an object of its own. */
  get received(): number | undefined {
    if (this.ws.isAsleep) return this.ws.pongs;
    const { bytesRead } = this.socket as { bytesRead?: number };
    return bytesRead === undefined ? undefined : bytesRead & LOW_31_BITS;
  }

  /** @internal */
  get unfinished(): object | undefined {
    return unfinishedMessage(this.ws);
  }

  /** @internal Not through the outbox: a control frame may stand between any two frames, and need not wait for them. */
  ping(): void {
    if (this.ws.isOpen) this.socket.write(PING);
  }

  /** @internal Destroys the socket as soon as the system has taken what was written to it; an answer is not waited for. */
  hangUp(): void {
    this.socket.end(() => this.socket.destroy());
  }

  /** @internal Destroys the socket without a word. */
  terminate(): void {
    this.ws.terminate();
  }
}
