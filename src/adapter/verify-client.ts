import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type VerifyClientCallbackAsync, type WebSocket, WebSocketServer } from 'ws';
import type { Admission, Admitted, Destination, PlaceKeeper } from '../admission/admission.js';
import { Refusal } from '../admission/refusals.js';
import type { UpgradeRequest } from '../admission/upgrade-request.js';
import { RoomSocket } from '../connection/ws-socket.js';
import type { Clock } from '../core/clock.js';
import { attempt, isLater } from '../core/maybe-promise.js';
import type { AdapterPorts } from './ports.js';
import type { RoomServer } from './room-server.js';
import type { UpgradeLimits } from './upgrade-limits.js';

/** Nobody else can give `ws` a request that has it. */
const PENDING = Symbol('pending upgrade');

type Marked = IncomingMessage & { [PENDING]?: PendingUpgrade };

/** The server of `ws`, which asks `verifyClient` about every upgrade and answers a yes with the 101 (RFC 6455 §4.2.2). */
export class Handshake {
  readonly #server: WebSocketServer;

  constructor(
    { options, admission, clock }: AdapterPorts,
    private readonly after: {
      readonly refuse: (upgrade: PendingUpgrade, refusal: Refusal) => void;
      readonly open: (client: RoomSocket, upgrade: PendingUpgrade) => void;
    },
  ) {
    const { maxFragments, maxBufferedChunks, maxPendingAutoPongs, verdictDeadlineMs } = options;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      WebSocket: RoomSocket,
      maxPayload: options.maxMessageBytes,
      ...({ maxFragments, maxBufferedChunks, maxPendingAutoPongs } as object),
      verifyClient: createVerifyClient({
        admission,
        clock,
        verdictDeadlineMs,
        find: (message: Marked) => message[PENDING],
        refuse: after.refuse,
      }),
    });
  }

  begin(upgrade: PendingUpgrade): void {
    const { message, socket, head } = upgrade;
    // ws would answer with the first one that was offered, and what was offered may be a credential. Deleting what is not there
    // costs as much.
    if (message.headers['sec-websocket-protocol'] !== undefined)
      delete message.headers['sec-websocket-protocol'];
    // It knows no list of protocols.
    if (message.headers.upgrade !== 'websocket') message.headers.upgrade = 'websocket';
    (message as Marked)[PENDING] = upgrade;
    try {
      this.#server.handleUpgrade(message, socket, head, this.#onOpen);
    } catch {
      socket.destroy();
    }
  }

  readonly #onOpen = (client: WebSocket, message: Marked): void => {
    const upgrade = message[PENDING];
    if (upgrade) this.after.open(client as RoomSocket, upgrade);
    else client.terminate();
  };

  close(): void {
    this.#server.close();
  }
}

interface VerifyClientPorts {
  readonly admission: Admission;
  readonly clock: Clock;
  readonly verdictDeadlineMs: number;
  /** What `ws` was given with the request. */
  readonly find: (request: IncomingMessage) => PendingUpgrade | undefined;
  readonly refuse: (upgrade: PendingUpgrade, refusal: Refusal) => void;
}

/**
 * The single choke point: `ws` opens no connection without passing it. `ws` takes a hook for asynchronous only if its length is
 * exactly 2, and one of any other shape that returns a promise admits everyone; so this function has two plain parameters, and
 * a test asserts it. It answers once, within the deadline, and never throws. A "no" is answered here, as HTTP; `ws` is only
 * ever called back with yes, for it keeps nothing of a request that it was not told to go on with.
 */
export function createVerifyClient(
  ports: VerifyClientPorts,
): VerifyClientCallbackAsync<IncomingMessage> {
  return function verifyClient(info, callback) {
    const upgrade = ports.find(info.req);
    if (!upgrade) {
      info.req.socket.destroy();
      return;
    }
    const { request, destination } = upgrade;
    const verdict = attempt(() => ports.admission.admit(request, destination, upgrade), failed);
    if (isLater(verdict)) wait(ports, upgrade, verdict, callback);
    else settle(ports, upgrade, verdict, callback);
  };
}

type Proceed = (yes: true) => void;

function failed(error: unknown): Refusal {
  return new Refusal('unavailable', 'admission_failed').because(error);
}

/** For the verdict, the deadline, the peer that goes away or the node that does: whatever comes first. */
function wait(
  ports: VerifyClientPorts,
  upgrade: PendingUpgrade,
  verdict: Promise<Admitted | Refusal>,
  proceed: Proceed,
): void {
  let isAnswered = false;
  const answer = (first: Admitted | Refusal): void => {
    if (isAnswered) {
      if (!(first instanceof Refusal)) first.release();
      return;
    }
    isAnswered = true;
    cancel();
    // What listens keeps alive what it has seen, here the request with its token.
    upgrade.socket.off('close', gone);
    upgrade.answer = undefined;
    upgrade.onAnswered?.();
    settle(ports, upgrade, first, proceed);
  };
  const gone = (): void => answer(new Refusal('unavailable', 'gone_before_the_verdict'));
  const cancel = ports.clock.setTimer(
    () => answer(new Refusal('verdict_timeout')),
    ports.verdictDeadlineMs,
  );
  upgrade.socket.on('close', gone);
  upgrade.answer = answer;
  void verdict.then(answer);
}

function settle(
  ports: VerifyClientPorts,
  upgrade: PendingUpgrade,
  verdict: Admitted | Refusal,
  proceed: Proceed,
): void {
  try {
    decide(ports, upgrade, verdict, proceed);
  } catch {
    // After the 101 an HTTP answer would be garbage in an open WebSocket.
    upgrade.socket.destroy();
  } finally {
    upgrade.settled();
  }
}

/** In one turn, with no await: the last look, then either the refusal or the 101. */
function decide(
  { admission, refuse }: VerifyClientPorts,
  upgrade: PendingUpgrade,
  verdict: Admitted | Refusal,
  proceed: Proceed,
): void {
  if (verdict instanceof Refusal) return refuse(upgrade, verdict);
  const refusal = admission.lastLook(verdict)?.by(verdict.principal);
  if (refusal) {
    verdict.release();
    return refuse(upgrade, refusal);
  }
  upgrade.admitted = verdict;
  // Held back so that the 101 and the greeting leave in one packet.
  upgrade.socket.cork();
  try {
    proceed(true);
  } finally {
    upgrade.socket.uncork();
    // Still there: ws did not open the connection, since the peer had gone.
    upgrade.admitted?.release();
  }
}

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

/** Sockets that wait: for a verdict, for their turn to get one, or for somebody who wants them. */
export class WaitingUpgrades {
  readonly #sockets = new Map<Duplex, PendingUpgrade | undefined>();
  readonly #onClose: (this: Duplex) => void;

  constructor(private readonly pending: UpgradeLimits['pending']) {
    const sockets = this.#sockets;
    this.#onClose = function () {
      sockets.delete(this);
    };
  }

  /** For its verdict; nobody takes more of these places than one address may. */
  add(upgrade: PendingUpgrade): void {
    const { socket, address } = upgrade;
    this.keep(socket, upgrade);
    this.pending.take(address);
    upgrade.onAnswered = () => this.pending.giveBack(address);
  }

  /** Until it closes or is let go. */
  keep(socket: Duplex, upgrade?: PendingUpgrade): void {
    this.#sockets.set(socket, upgrade);
    socket.on('close', this.#onClose);
  }

  /** Whether it was waiting, and has not closed. */
  letGo(socket: Duplex): boolean {
    const isThere = this.#sockets.delete(socket);
    if (isThere) socket.off('close', this.#onClose);
    return isThere;
  }

  /** Answers those who still wait for a verdict, and lets everybody go. */
  destroy(): void {
    for (const [socket, upgrade] of this.#sockets) {
      upgrade?.answer?.(new Refusal('draining'));
      // One that was answered is on its way out, and would lose the answer.
      if (!socket.writableEnded) socket.destroy();
    }
  }
}
