import { forgetLastMatch } from '../core/bounded-cache.js';
import type { Clock } from '../core/clock.js';
import { ignoreRejection } from '../core/errors.js';
import { isLater, whenThere } from '../core/maybe-promise.js';
import type { RoomgateOptions } from '../module/options.js';
import { refuseTokenInQuery, type TokenExtractor } from './credential.js';
import { checkOrigin } from './origin.js';
import { createPrincipal, type Principal } from './principal.js';
import { Refusal } from './refusals.js';
import { RoomEntry } from './room-admission.js';
import type { RoomId, RoomKey } from './room-id.js';
import type { RoomPolicy, RoomRights } from './room-policy.js';
import type { SubjectLimit } from './subject-limit.js';
import {
  type MaybePromise,
  refusalOf,
  TokenRefusedError,
  type TokenVerifier,
} from './token-verifier.js';
import { checkClaims, parseToken } from './token.js';
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

/** What is asked on the way in. */
export interface AdmissionPorts {
  readonly clock: Clock;
  readonly extractor: TokenExtractor;
  readonly verifier: Pick<TokenVerifier, 'verify'> & Partial<TokenVerifier>;
  readonly isDraining: () => boolean;
  readonly isRevoked: (principal: Principal) => boolean;
  /** Whether there may be revocations that this node has not heard of. */
  readonly isStale: () => boolean;
  readonly subjects: Pick<SubjectLimit, 'hasPlace' | 'take'>;
  /** Another one when rights in the room are to be asked for anew, or it is closed: an answer of the policy from before is stale. */
  readonly generation: (key: RoomKey) => number;
  /** Has the engine carry the room to this node; returns how to let it go again. */
  readonly holdRoom: (key: RoomKey, principal: Principal) => MaybePromise<() => void>;
  /** A part of the application threw while something was decided about a connection that exists. */
  readonly failed?: (refusal: Refusal, principal: Principal | undefined) => void;
}

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
    private readonly rules: Pick<
      RoomgateOptions,
      | 'allowedHosts'
      | 'allowedOrigins'
      | 'trustProxyHops'
      | 'clockToleranceMs'
      | 'maxTokenLifeMs'
      | 'maxTokenBytes'
      | 'maxVerdictsPerTurn'
      | 'hideRooms'
    >,
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

type Verified = Awaited<ReturnType<TokenVerifier['verify']>>;

/** Who a token speaks for. */
class Identification {
  constructor(
    private readonly ports: Pick<AdmissionPorts, 'clock' | 'verifier' | 'isRevoked' | 'isStale'>,
    private readonly rules: Pick<
      RoomgateOptions,
      'clockToleranceMs' | 'maxTokenLifeMs' | 'maxTokenBytes'
    >,
  ) {}

  /** Shape, verifier, claims and times, revocation, in this order. Never throws nor rejects. */
  identify(text: string): MaybePromise<Principal | Refusal> {
    const token = parseToken(text, this.rules.maxTokenBytes);
    if (token instanceof Refusal) return token;
    try {
      const verified = this.ports.verifier.verify(token);
      return isLater(verified)
        ? Promise.resolve(verified).then(this.#believe).catch(refusalOf)
        : this.#believe(verified);
    } catch (error) {
      return refusalOf(error);
    }
  }

  readonly #believe = (verified: Verified): Principal | Refusal => {
    if (verified instanceof TokenRefusedError) return refusalOf(verified);
    const claims = checkClaims(verified, this.ports.clock.now(), this.rules);
    if (claims instanceof Refusal) return claims;
    const principal = createPrincipal(claims, this.rules.clockToleranceMs);
    if (this.ports.isRevoked(principal)) return new Refusal('token_revoked').by(principal);
    return this.ports.isStale() ? new Refusal('authority_stale').by(principal) : principal;
  };
}

/**
 * Lets at most so many tokens through per turn of the event loop, and at least half as many. Checking the signatures of thousands
 * of tokens in the turn in which they arrive would stall every open connection for as long.
 */
export class Turnstile {
  readonly #waiting: (() => void)[] = [];
  readonly #perTurn: number;
  #passed = 0;
  #isScheduled = false;

  /**
   * @param maxChecks Signature checks per turn, in units of a check by P-256.
   * @param checksPerToken What one token costs at most, in the same unit; a token that costs more than a turn has one for itself.
   */
  constructor(maxChecks: number, checksPerToken = 1) {
    const cost = checksPerToken > 1 ? checksPerToken : 1;
    this.#perTurn = Math.max(1, Math.floor(maxChecks / cost));
  }

  /** Undefined when one may go on at once, else a promise of a later turn; first come, first served. */
  pass(): Promise<void> | undefined {
    if (this.#passed < this.#perTurn) {
      this.#passed += 1;
      // A turn has to be asked for, which costs a poll of the kernel: those who come now and then are counted over several.
      if (2 * this.#passed >= this.#perTurn) this.#schedule();
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#open());
  }

  #open(): void {
    this.#isScheduled = false;
    const next = this.#waiting.splice(0, this.#perTurn);
    this.#passed = next.length;
    for (const resolve of next) resolve();
    if (next.length > 0) this.#schedule();
  }
}

/** Whether the principal lacks a scope that the gateway asks for. */
export function checkScopes({ scopes }: Principal, rules: GatewayRules): Refusal | undefined {
  if (rules.scopes.every((scope) => scopes.includes(scope))) return undefined;
  return new Refusal('insufficient_scope', undefined, undefined, rules.scopes.join(' '));
}
