import type { IncomingMessage } from 'node:http';
import type { VerifyClientCallbackAsync } from 'ws';
import type { Admission, Admitted } from '../admission/admission.js';
import { Refusal } from '../admission/refusals.js';
import type { Clock } from '../core/clock.js';
import { attempt, isLater } from '../core/maybe-promise.js';
import type { PendingUpgrade } from './pending-upgrade.js';

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
