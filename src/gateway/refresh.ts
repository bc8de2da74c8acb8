import type { Refusal } from '../admission/refusals.js';
import { renew, type RenewalFailure, type Renewed } from '../admission/renewal.js';
import type { RoomKey } from '../admission/room-id.js';
import type { RoomRights } from '../admission/room-policy.js';
import type { ConnectionState } from '../connection/ports.js';
import { remainingMs } from '../connection/system-messages.js';
import { isForgiven, strike, type Strikes } from '../connection/rate-limit.js';
import type { GatewayPorts } from './dispatch.js';
import type { MessageContext } from './message-context.js';

/** A verdict that was overtaken this often by other changes is given up; the client may try again. */
const MAX_ATTEMPTS = 3;
/** Failures that say nothing about the token. */
const NOT_ITS_FAULT: readonly string[] = [
  'refresh_in_progress',
  'keys_unavailable',
  'authority_stale',
  'verdict_timeout',
  'unavailable',
];

/**
 * `auth.refresh { token }`: a new token for a connection that is open, also for one that is muted. A failure changes nothing:
 * it neither extends a life nor ends one. What was decided while we waited is only used if nothing else changed meanwhile.
 */
export class Refresh {
  constructor(private readonly ports: GatewayPorts) {}

  async handle(context: MessageContext, token: string): Promise<void> {
    const { state } = context.connection;
    if (state.isRefreshing) return this.#refuse(context, 'refresh_in_progress');
    if (this.#isTiring(state.refreshFailures)) return context.fail('rate_limited');
    state.isRefreshing = true;
    try {
      await this.#refresh(context, token);
    } catch {
      this.#refuse(context, 'unavailable');
    } finally {
      state.isRefreshing = false;
    }
  }

  async #refresh(context: MessageContext, token: string): Promise<void> {
    const { connection } = context;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { generation, memberships, rules } = connection;
      const held = [...memberships];
      const rooms = held.map(({ room }) => ({ room, rules }));
      const { admission, identityClaims } = this.ports;
      const renewal = renew(admission, token, connection.principal, rooms, identityClaims);
      const { clock, verdictDeadlineMs } = this.ports;
      const verdict = await clock.within(renewal, verdictDeadlineMs, 'verdict_timeout' as const);
      if (typeof verdict === 'string') return this.#refuse(context, verdict);
      const rights = new Map(
        held.map(({ key }, i) => [key, verdict.rights[i] as RoomRights | Refusal]),
      );
      const isDone = await new Promise<boolean>((resolve, reject) => {
        // In the callback itself: what follows an await of it would come after the next message has begun.
        connection.inbox.between(() => {
          try {
            const isStale = connection.isOpen && connection.generation !== generation;
            if (connection.isOpen && !isStale) this.#apply(context, verdict, rights);
            resolve(!isStale);
          } catch (error) {
            reject(error as Error);
          }
        });
      });
      if (isDone) return;
    }
    this.#refuse(context, 'unavailable');
  }

  /** In the turn of the last check, with nothing awaited since. */
  #apply(
    context: MessageContext,
    { principal }: Renewed,
    rights: ReadonlyMap<RoomKey, RoomRights | Refusal>,
  ): void {
    const { connection } = context;
    const now = this.ports.clock.now();
    const over = this.ports.admission.lookAgain(principal);
    if (over) return this.#refuse(context, over.code);
    const missed = connection.outbox.missed.take();
    connection.renew(principal);
    this.ports.audit.refreshed(connection);
    context.reply('auth.refreshed', { ttlMs: remainingMs(principal, now) });
    this.ports.rooms.authority.change(connection, rights);
    this.ports.rooms.recovery.resume(connection, missed);
  }

  /** A failed refresh never closes, but checking signatures for nothing has an end: after some, a minute's pause. */
  #isTiring(failures: Strikes | undefined): boolean {
    if (!failures || isForgiven(failures, this.ports.clock.elapsed())) return false;
    return failures.count >= this.ports.maxStrikes;
  }

  #refuse(context: MessageContext, reason: RenewalFailure): void {
    if (!NOT_ITS_FAULT.includes(reason)) this.#countFailure(context.connection.state);
    this.ports.audit.refreshRefused(context.connection, reason);
    context.fail(reason);
  }

  #countFailure(state: ConnectionState): void {
    state.refreshFailures = strike(state.refreshFailures, this.ports.clock.elapsed());
  }
}
