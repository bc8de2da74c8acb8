import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { VerifyClientCallbackAsync } from 'ws';
import type { Admission, Admitted, Destination } from '../admission/admission.js';
import type { UpgradeRequest } from '../admission/bearer-token.js';
import { Refusal } from '../admission/refusals.js';
import type { Clock } from '../roomgate.clock.js';
import { attempt, isLater } from '../roomgate.later.js';

/** An upgrade request on its way through `ws`. */
export interface PendingUpgrade {
  readonly socket: Duplex;
  readonly request: UpgradeRequest;
  readonly destination: Destination;
  /** The group of addresses it counts for; empty where they are not told apart. */
  readonly address: string;
  /** Set when the verdict is yes, before `ws` goes on. */
  admitted?: Admitted;
  /** Decides it from outside; only the first verdict counts. */
  answer?: (verdict: Refusal) => void;
  /** Gives back the place it has among the connections of its subject. */
  giveBack?: () => void;
  isSettled?: boolean;
  /** Called once when it had to wait for its verdict. */
  onAnswered?: () => void;
}

export interface VerifyClientPorts {
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
    const proceed = (): void => callback(true);
    // A place for which nobody waits any more is given back as soon as it is taken.
    const keepPlace = (giveBack: () => void): void => {
      if (upgrade.isSettled) giveBack();
      else upgrade.giveBack = giveBack;
    };
    const verdict = attempt(
      () => ports.admission.admit(upgrade.request, upgrade.destination, keepPlace),
      () => new Refusal('unavailable', 'admission_failed'),
    );
    if (isLater(verdict)) wait(ports, upgrade, verdict, proceed);
    else settle(ports, upgrade, verdict, proceed);
  };
}

/** For the verdict, the deadline, the peer that goes away or the node that does: whatever comes first. */
function wait(
  ports: VerifyClientPorts,
  upgrade: PendingUpgrade,
  verdict: Promise<Admitted | Refusal>,
  proceed: () => void,
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
  proceed: () => void,
): void {
  try {
    decide(ports, upgrade, verdict, proceed);
  } catch {
    // After the 101 an HTTP answer would be garbage in an open WebSocket.
    upgrade.socket.destroy();
  } finally {
    // An open connection is counted by itself.
    upgrade.isSettled = true;
    upgrade.giveBack?.();
  }
}

/** In one turn, with no await: the last look, then either the refusal or the 101. */
function decide(
  { admission, refuse }: VerifyClientPorts,
  upgrade: PendingUpgrade,
  verdict: Admitted | Refusal,
  proceed: () => void,
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
    proceed();
  } finally {
    upgrade.socket.uncork();
    // Still there: ws did not open the connection, since the peer had gone.
    upgrade.admitted?.release();
  }
}
