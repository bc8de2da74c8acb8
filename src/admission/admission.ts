import { ignoreRejection } from '../core/errors.js';
import { isLater, whenThere } from '../core/maybe-promise.js';
import { refuseTokenInQuery, type TokenExtractor } from './bearer-token.js';
import { checkOrigin, type OriginRules } from './origin.js';
import {
  Identification,
  type IdentificationPorts,
  type IdentificationRules,
} from './identification.js';
import { forgetLastMatch } from '../core/bounded-cache.js';
import type { Principal } from './principal.js';
import { Refusal } from './refusals.js';
import { RoomEntry, type RoomEntryPorts } from './room-entry.js';
import type { RoomId, RoomKey } from './room-id.js';
import type { RoomPolicy, RoomRights } from './room-policy.js';
import { checkScopes } from './scopes.js';
import type { SubjectLimit } from './subject-limit.js';
import type { MaybePromise } from './token-verifier.js';
import { Turnstile } from './turnstile.js';
import type { UpgradeRequest } from './upgrade-request.js';

/** What a gateway asks of those who come in. */
export interface GatewayRules {
  readonly roomName: string;
  readonly policy: RoomPolicy;
  /** Scopes all of which the token must have. */
  readonly scopes: readonly string[];
}

/** The room a request asks for, and the rules of the gateway that serves it. */
export interface Destination {
  readonly room: RoomId;
  readonly rules: GatewayRules;
}

/** A "yes", not final until `lastLook` has passed. Its hold on the room must be used or released. */
export interface Admitted {
  readonly principal: Principal;
  readonly room: RoomId;
  readonly key: RoomKey;
  readonly rights: RoomRights;
  /** Of the authority when the policy was asked. */
  readonly generation: number;
  readonly release: () => void;
}

/** Gives a place among the connections of a subject back when it carries the verdict out, or gives up waiting for it. */
export interface PlaceKeeper {
  keepPlace(giveBack: () => void): void;
}

export interface AdmissionPorts extends IdentificationPorts, RoomEntryPorts {
  readonly extractor: TokenExtractor;
  readonly isDraining: () => boolean;
  readonly subjects: Pick<SubjectLimit, 'hasPlace' | 'take'>;
  /** A part of the application threw while something was decided about a connection that exists. */
  readonly failed?: (refusal: Refusal, principal: Principal | undefined) => void;
}

export type AdmissionRules = OriginRules &
  IdentificationRules & {
    readonly maxVerdictsPerTurn: number;
    readonly hideRooms: boolean;
  };

/**
 * The whole sequence at the door, in the order of the verdict table; every step is one decision in a file of its own. A step that
 * is answered at once goes on in the same turn, and makes no functions for the case that it is not: a door that opens thousands of
 * times a second spends its time on what is made for each.
 */
export class Admission {
  private readonly turnstile: Turnstile;
  private readonly identification: Identification;
  private readonly entry: RoomEntry;

  constructor(
    private readonly ports: AdmissionPorts,
    private readonly rules: AdmissionRules,
  ) {
    this.turnstile = new Turnstile(rules.maxVerdictsPerTurn, ports.verifier.checksPerToken);
    this.identification = new Identification(ports, rules);
    this.entry = new RoomEntry(ports, rules);
  }

  /** Undefined when one more may be decided in this turn, else a promise of the turn in which it may. Asked before `admit`. */
  turn(): Promise<void> | undefined {
    return this.turnstile.pass();
  }

  /**
   * Never throws nor rejects: whatever an extractor, a verifier, a policy or an engine throws becomes a refusal. Where all of
   * them answer at once, so does this.
   */
  admit(
    request: UpgradeRequest,
    destination: Destination,
    keeper: PlaceKeeper,
  ): MaybePromise<Admitted | Refusal> {
    const token =
      checkOrigin(request, this.rules) ??
      refuseTokenInQuery(request.query) ??
      this.extract(request);
    forgetLastMatch();
    if (token instanceof Refusal) return token;
    const known = this.identification.identify(token);
    return isLater(known)
      ? this.takePlaceLater(known, destination, keeper)
      : this.takePlace(known, destination, keeper, false);
  }

  /** May somebody whom we know enter the room? The second half of the sequence, and all of it for one who is inside already. Never throws nor rejects. */
  enter(principal: Principal, destination: Destination): MaybePromise<Admitted | Refusal> {
    if (this.ports.isStale()) return new Refusal('authority_stale').by(principal);
    const scope = checkScopes(principal, destination.rules)?.by(principal);
    return scope ?? this.told(this.entry.find(principal, destination), principal);
  }

  /** Who the token of somebody inside speaks for, when its turn has come. Never throws nor rejects. */
  identify(text: string): MaybePromise<Principal | Refusal> {
    const identify = (): MaybePromise<Principal | Refusal> =>
      this.told(this.identification.identify(text), undefined);
    return this.turn()?.then(identify) ?? identify();
  }

  /** Asked in the same turn as the 101, with nothing awaited in between: what changed while we were waiting? */
  lastLook(admitted: Admitted): Refusal | undefined {
    const over = this.lookAgain(admitted.principal);
    if (over) return over;
    if (this.ports.generation(admitted.key) !== admitted.generation)
      return new Refusal('unavailable', 'rights_changed');
    return this.ports.isDraining() ? new Refusal('draining') : undefined;
  }

  /** The same about a principal alone. */
  lookAgain(principal: Principal): Refusal | undefined {
    const { clock, isRevoked, isStale } = this.ports;
    if (clock.now() >= principal.expiresAt)
      return new Refusal('token_expired', 'expired_at_the_door');
    if (isRevoked(principal)) return new Refusal('token_revoked', 'revoked_at_the_door');
    return isStale() ? new Refusal('authority_stale') : undefined;
  }

  /** What the room policy allows the principal. Never throws nor rejects. */
  rightsIn(principal: Principal, destination: Destination): MaybePromise<RoomRights | Refusal> {
    return this.told(this.entry.rightsIn(principal, destination), principal);
  }

  /** The verdict, after its failure was reported: an answer to a message has no line of its own in the log. */
  private told<T>(
    verdict: MaybePromise<T | Refusal>,
    principal: Principal | undefined,
  ): MaybePromise<T | Refusal> {
    return whenThere(verdict, (given) => {
      if (given instanceof Refusal && given.failure) this.ports.failed?.(given, principal);
      return given;
    });
  }

  /** Rows 10 to 13. */
  private takePlace(
    principal: Principal | Refusal,
    destination: Destination,
    keeper: PlaceKeeper,
    hasWaited: boolean,
  ): MaybePromise<Admitted | Refusal> {
    if (principal instanceof Refusal) return principal;
    const scope = checkScopes(principal, destination.rules);
    if (scope) return scope.by(principal);
    const { subjects } = this.ports;
    const { identity } = principal;
    if (!subjects.hasPlace(identity)) return new Refusal('too_many_connections').by(principal);
    const found = this.entry.find(principal, destination);
    // A verdict in the turn of the question is carried out before anybody else can ask.
    if (hasWaited || isLater(found)) keeper.keepPlace(subjects.take(identity));
    return found;
  }

  private async takePlaceLater(
    principal: Promise<Principal | Refusal>,
    destination: Destination,
    keeper: PlaceKeeper,
  ): Promise<Admitted | Refusal> {
    return this.takePlace(await principal, destination, keeper, true);
  }

  private extract(request: UpgradeRequest): string | Refusal {
    try {
      const token: unknown = this.ports.extractor.extract(request);
      if (typeof token === 'string' || token instanceof Refusal) return token;
      ignoreRejection(token);
      return new Refusal('unavailable', 'extractor_failed');
    } catch (error) {
      // Applications bring extractors of their own; a broken one opens nothing and tells the client nothing.
      return new Refusal('unavailable', 'extractor_failed').because(error);
    }
  }
}
