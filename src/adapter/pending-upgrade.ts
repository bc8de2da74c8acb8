import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Admitted, Destination, PlaceKeeper } from '../admission/admission.js';
import type { Refusal } from '../admission/refusals.js';
import type { UpgradeRequest } from '../admission/upgrade-request.js';
import type { RoomServer } from './room-server.js';

/** An upgrade request that is for one of our rooms, on its way to a verdict. All of them have one shape from the beginning. */
export class PendingUpgrade implements PlaceKeeper {
  /** Set when the verdict is yes, before `ws` goes on. */
  admitted: Admitted | undefined = undefined;
  /** Decides it from outside; only the first verdict counts. */
  answer: ((verdict: Refusal) => void) | undefined = undefined;
  #giveBack: (() => void) | undefined = undefined;
  #isSettled = false;
  /** Called once when it had to wait for its verdict. */
  onAnswered: (() => void) | undefined = undefined;

  constructor(
    readonly message: IncomingMessage,
    readonly socket: Duplex,
    /** What came with the request. */
    readonly head: Buffer,
    readonly server: RoomServer,
    readonly request: UpgradeRequest,
    readonly destination: Destination,
    /** The group of addresses it counts for. */
    readonly address: string,
  ) {}

  /** A place for which nobody waits any more is given back as soon as it is taken. */
  keepPlace(giveBack: () => void): void {
    if (this.#isSettled) giveBack();
    else this.#giveBack = giveBack;
  }

  /** Whatever its verdict, it has been carried out. An open connection is counted by itself. */
  settled(): void {
    this.#isSettled = true;
    this.#giveBack?.();
  }
}
