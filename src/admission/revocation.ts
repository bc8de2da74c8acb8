import type { MaybePromise } from './token-verifier.js';

/** Whose authority ends: one token, the tokens of one session, what a subject was issued until a time, or a subject altogether. */
export type Revocation =
  | { readonly kind: 'token'; readonly issuer: string; readonly jti: string }
  | {
      readonly kind: 'session';
      readonly issuer: string;
      readonly sid: string;
      /** Milliseconds since the epoch, as nodes of version 0.1 write it. Absent: the whole session, whenever its tokens are issued. */
      readonly issuedBefore?: number;
    }
  | {
      readonly kind: 'subject';
      readonly identity: string;
      /** Milliseconds since the epoch; tokens of this second are revoked, too. */
      readonly issuedBefore: number;
      /** Leaves out tokens that name a session. */
      readonly isSessionless?: boolean;
      /** The time was not read from the clock of this server, so `clockToleranceMs` is not added to it. */
      readonly isExact?: boolean;
    }
  | { readonly kind: 'block'; readonly identity: string }
  | { readonly kind: 'unblock'; readonly identity: string };

/**
 * Where revocations are kept and told to all nodes. Replace it through `RoomgateModule.forRoot({ revocationStore })`.
 * Everything that was added reaches `onRevoked` of every node, of the one that added it too, in any order, at least once.
 */
export abstract class RevocationStore {
  /** Resolves when everything that is still in force was told; called before anybody is admitted. */
  abstract start(onRevoked: (revocation: Revocation) => void): MaybePromise<void>;
  /** Resolves when the revocation is kept; it is in force here by then. */
  abstract add(revocation: Revocation): MaybePromise<void>;
  /**
   * Up to when, in milliseconds since the epoch, everything that was added on any node was told here for certain. When that is
   * longer ago than `maxAuthorityStalenessMs` nobody is admitted. Asked for every verdict, and for every message where
   * `onStaleAuthority` is `mute`, so it has to know without looking. Default Infinity: nothing is ever missing.
   */
  confirmedAt(): number {
    return Infinity;
  }
  /** Something may have been missed: looks again for what was added. Default: nothing, since nothing is ever missing. */
  refresh(): MaybePromise<void> {}
  abstract stop(): MaybePromise<void>;
}

/** One node, forgotten with the process: tokens that outlive a restart have to be revoked again. */
export class MemoryRevocationStore extends RevocationStore {
  /** What was added before the start: hooks of other modules may run before ours. */
  readonly #early: Revocation[] = [];
  #onRevoked = (revocation: Revocation): void => void this.#early.push(revocation);

  start(onRevoked: (revocation: Revocation) => void): void {
    this.#onRevoked = onRevoked;
    for (const revocation of this.#early.splice(0)) onRevoked(revocation);
  }

  add(revocation: Revocation): void {
    this.#onRevoked(revocation);
  }

  stop(): void {
    this.#onRevoked = () => {};
  }
}
