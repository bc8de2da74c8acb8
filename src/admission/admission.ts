import { ignoreRejection } from '../roomgate.errors.js';
import { attempt, whenThere } from '../roomgate.later.js';
import { refuseTokenInQuery, type TokenExtractor, type UpgradeRequest } from './bearer-token.js';
import { checkOrigin, type OriginRules } from './origin.js';
import {
  Identification,
  type IdentificationPorts,
  type IdentificationRules,
} from './identification.js';
import type { Principal } from './principal.js';
import { Refusal } from './refusals.js';
import { roomKey, type RoomId, type RoomKey } from './room-id.js';
import { RightsCache } from './rights-cache.js';
import type { RoomPolicy, RoomRights } from './room-policy.js';
import { askPolicy, refusalOfRoom } from './room-verdict.js';
import { checkScopes } from './scopes.js';
import type { SubjectLimit } from './subject-limit.js';
import type { MaybePromise } from './token-verifier.js';
import { Turnstile } from './turnstile.js';

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

export interface AdmissionPorts extends IdentificationPorts {
  readonly extractor: TokenExtractor;
  readonly isDraining: () => boolean;
  readonly subjects: Pick<SubjectLimit, 'take'>;
  /** Another one when rights in the room are to be asked for anew, or it is closed: an answer of the policy from before is stale. */
  readonly generation: (key: RoomKey) => number;
  /** Has the engine carry the room to this node; returns how to let it go again. */
  readonly holdRoom: (key: RoomKey, principal: Principal) => MaybePromise<() => void>;
}

export type AdmissionRules = OriginRules &
  IdentificationRules & {
    readonly maxVerdictsPerTurn: number;
    readonly hideRooms: boolean;
  };

/** The whole sequence at the door, in the order of the verdict table; every step is one decision in a file of its own. */
export class Admission {
  private readonly turnstile: Turnstile;
  private readonly identification: Identification;
  private readonly cache: RightsCache;

  constructor(
    private readonly ports: AdmissionPorts,
    private readonly rules: AdmissionRules,
  ) {
    this.turnstile = new Turnstile(rules.maxVerdictsPerTurn);
    this.identification = new Identification(ports, rules);
    this.cache = new RightsCache(() => ports.clock.now(), ports.generation);
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
    keepPlace: (giveBack: () => void) => void,
  ): MaybePromise<Admitted | Refusal> {
    const token =
      checkOrigin(request, this.rules) ??
      refuseTokenInQuery(request.query) ??
      this.extract(request);
    if (token instanceof Refusal) return token;
    return whenThere(this.identification.identify(token), (principal) =>
      principal instanceof Refusal ? principal : this.takePlace(principal, destination, keepPlace),
    );
  }

  /** May somebody whom we know enter the room? The second half of the sequence, and all of it for one who is inside already. Never throws nor rejects. */
  enter(principal: Principal, destination: Destination): MaybePromise<Admitted | Refusal> {
    if (this.ports.isStale()) return new Refusal('authority_stale').by(principal);
    const scope = checkScopes(principal, destination.rules);
    if (scope) return scope.by(principal);
    const { room, rules } = destination;
    const key = roomKey(rules.roomName, room);
    const generation = this.ports.generation(key);
    return whenThere(this.rightsIn(principal, destination), (rights) =>
      rights instanceof Refusal
        ? rights.by(principal)
        : this.hold({ principal, room, key, rights, generation }),
    );
  }

  /** Who the token of somebody inside speaks for, when its turn has come. Never throws nor rejects. */
  identify(text: string): MaybePromise<Principal | Refusal> {
    const identify = (): MaybePromise<Principal | Refusal> => this.identification.identify(text);
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
  rightsIn(principal: Principal, { room, rules }: Destination): MaybePromise<RoomRights | Refusal> {
    const access = { roomName: rules.roomName, room, principal };
    return attempt(
      () =>
        this.cache.ask(rules.policy, access, () =>
          askPolicy(rules.policy, access, this.rules.hideRooms),
        ),
      () => new Refusal('unavailable', 'policy_failed'),
    );
  }

  /** Rows 10 to 13. The place among the connections of its subject is given back by whoever carries the verdict out, or gives up waiting for it. */
  private takePlace(
    principal: Principal,
    destination: Destination,
    keepPlace: (giveBack: () => void) => void,
  ): MaybePromise<Admitted | Refusal> {
    const scope = checkScopes(principal, destination.rules);
    if (scope) return scope.by(principal);
    const giveBack = this.ports.subjects.take(principal.identity);
    if (!giveBack) return new Refusal('too_many_connections').by(principal);
    keepPlace(giveBack);
    return this.enter(principal, destination);
  }

  private extract(request: UpgradeRequest): string | Refusal {
    try {
      const token: unknown = this.ports.extractor.extract(request);
      if (typeof token === 'string' || token instanceof Refusal) return token;
      ignoreRejection(token);
    } catch {
      // Applications bring extractors of their own; a broken one opens nothing and says nothing.
    }
    return new Refusal('unavailable', 'extractor_failed');
  }

  private hold(known: Omit<Admitted, 'release'>): MaybePromise<Admitted | Refusal> {
    const { key, principal } = known;
    const admit = (release: () => void): Admitted => ({ ...known, release });
    return attempt<Admitted, Refusal>(
      () => whenThere(this.ports.holdRoom(key, principal), admit),
      (error) => refusalOfRoom(error).by(principal),
    );
  }
}
