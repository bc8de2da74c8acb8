import { Injectable } from '@nestjs/common';
import type { Clock } from '../core/clock.js';
import { type RoomKey, roomKey, toRoomId } from './room-id.js';
import { ignoreRejection, RoomgateError } from '../core/errors.js';
import { mayFloat } from '../core/maybe-promise.js';
import { identityOf } from './principal.js';
import type { Revocation, RevocationStore } from './revocation.js';
import type { Revocations } from './revocations.js';

/** A principal, or who it is: its subject, and its issuer where more than one is configured. */
export type SubjectRef =
  { readonly identity: string } | { readonly subject: string; readonly issuer?: string };

/** Whose connections are closed: a principal's, one, those in a room, or those by which a principal is in it. */
export type DisconnectTarget =
  | { readonly identity: string }
  | { readonly connectionId: string }
  | { readonly key: RoomKey; readonly identity?: string };

/**
 * Ends authority before its time, injectable anywhere. What is revoked is refused at the door from then on, and connections
 * that live by it are closed with 4440, with nothing else of ours left for them to read. Each method resolves when the store
 * has it; `issuer` may be left out where only one is configured, and is needed otherwise (RoomgateError `invalid_options`).
 */
@Injectable()
export class RevocationService {
  constructor(
    private readonly ports: {
      readonly clock: Clock;
      readonly store: RevocationStore;
      readonly revocations: Revocations;
      readonly maxAuthorityStalenessMs: number;
      /** The issuer, where there is only one. */
      readonly onlyIssuer: string | undefined;
      /** Hears of a store that throws where it has to answer. */
      readonly failed?: (error: unknown) => void;
      /** Closes connections on every node, however valid; resolves with how many there were on this one. */
      readonly disconnect: (target: DisconnectTarget) => Promise<number>;
      /** Closes the connections of this node that the revocation concerns. */
      readonly kick: (revocation: Revocation) => void;
    },
  ) {}

  /** @internal Loads what is in force, before anybody is admitted. */
  async start(): Promise<void> {
    await this.ports.store.start((revocation) => {
      this.ports.revocations.apply(revocation);
      this.ports.kick(revocation);
    });
  }

  /** @internal Another node may have ended something that this one has not understood. */
  async refresh(): Promise<void> {
    await this.ports.store.refresh();
  }

  /** @internal */
  async stop(): Promise<void> {
    await this.ports.store.stop();
  }

  /**
   * Whether the store has not confirmed for `maxAuthorityStalenessMs` that it knows of every revocation: newcomers are refused
   * with 503 `authority_stale` then. One that cannot say, or names a time that is as far ahead, confirms nothing.
   */
  isStale(): boolean {
    const { clock, store, maxAuthorityStalenessMs } = this.ports;
    try {
      const confirmedAt: unknown = store.confirmedAt();
      if (confirmedAt === Infinity) return false;
      if (typeof confirmedAt === 'number')
        return !(Math.abs(clock.now() - confirmedAt) < maxAuthorityStalenessMs);
      ignoreRejection(confirmedAt);
    } catch (error) {
      // A store of the application's own that is broken has confirmed nothing either.
      this.ports.failed?.(error);
    }
    return true;
  }

  /** One token, by its `jti`. Tokens without one can only be revoked by subject or session. */
  async revokeToken(jti: string, issuer?: string): Promise<void> {
    await this.ports.store.add({ kind: 'token', issuer: this.#issuer(issuer), jti });
  }

  /** The tokens of one sign-in, by their `sid` (OpenID Connect). */
  async revokeSession(sid: string, issuer?: string): Promise<void> {
    await this.ports.store.add({ kind: 'session', issuer: this.#issuer(issuer), sid });
  }

  /**
   * What a subject was issued until a time. Tokens that were issued in the second of that time are revoked, too.
   * @param issuedBefore Milliseconds since the epoch, by the issuer's clock. Default: now, by the clock of this server, and as the
   * issuer's may be ahead of it also what is issued within `clockToleranceMs` after it.
   */
  async revokeSubject(subject: SubjectRef, issuedBefore?: number): Promise<void> {
    if (issuedBefore !== undefined && !Number.isFinite(issuedBefore))
      throw new RoomgateError(
        'invalid_options',
        'Expected "issuedBefore" to be milliseconds since the epoch.',
      );
    await this.ports.store.add({
      kind: 'subject',
      identity: this.#identity(subject),
      issuedBefore: issuedBefore ?? this.ports.clock.now(),
      ...(issuedBefore !== undefined && { isExact: true }),
    });
  }

  /** A subject altogether, whatever token it brings, until it is unblocked. */
  async block(subject: SubjectRef): Promise<void> {
    await this.ports.store.add({ kind: 'block', identity: this.#identity(subject) });
  }

  /**
   * Closes connections with 4440, on every node, without revoking anything: they may come back. The connections of a subject,
   * those that are in a room (of the name `default` unless given), or one by its id. Those of this node are closed in the turn of
   * the call; resolves with how many they were when the engine has accepted the order for the others.
   * @throws RoomgateError `invalid_room_id`, `invalid_data`, or `engine_unavailable` when it is unknown whether other nodes get
   * the order.
   */
  disconnect(
    target:
      | SubjectRef
      | { readonly connectionId: string }
      | { readonly room: string; readonly roomName?: string },
  ): Promise<number> {
    const disconnect = async (): Promise<number> => this.ports.disconnect(this.#target(target));
    return mayFloat(disconnect());
  }

  async unblock(subject: SubjectRef): Promise<void> {
    await this.ports.store.add({ kind: 'unblock', identity: this.#identity(subject) });
  }

  #target(target: Parameters<RevocationService['disconnect']>[0]): DisconnectTarget {
    if ('connectionId' in target) return { connectionId: target.connectionId };
    if (!('room' in target)) return { identity: this.#identity(target) };
    const { room, roomName = 'default' } = target;
    return { key: roomKey(roomName, toRoomId(room)) };
  }

  #identity(subject: SubjectRef): string {
    if ('identity' in subject) return subject.identity;
    return identityOf(this.#issuer(subject.issuer), subject.subject);
  }

  #issuer(issuer: string | undefined = this.ports.onlyIssuer): string {
    if (issuer === undefined)
      throw new RoomgateError('invalid_options', 'Name the issuer: more than one is configured.');
    return issuer;
  }
}
