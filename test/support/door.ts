import { Admission, type Admitted, type GatewayRules } from '../../src/admission/admission.js';
import { AuthorizationHeaderExtractor } from '../../src/admission/credential.js';
import type { Refusal } from '../../src/admission/refusals.js';
import type { RoomId } from '../../src/admission/room-id.js';
import { RoomPolicy } from '../../src/admission/room-policy.js';
import type { UpgradeRequest } from '../../src/admission/upgrade-request.js';
import type { SubjectLimit } from '../../src/admission/subject-limit.js';
import { resolveOptions, type RoomgateModuleOptions } from '../../src/module/options.js';
import { FakeClock } from '../../src/toolkit/testing/fake-clock.js';
import { encodePart } from './sign-token.js';
import { upgradeRequest } from './upgrade-request.js';

export const ROOM = '3f2b8c1e-9a4d-4c6e-8f1a-2b3c4d5e6f70' as RoomId;

/** What stands behind the door; whatever is given replaces what says yes. The return values may be nonsense. */
export interface Behind {
  extract?: () => unknown;
  verify?: () => unknown;
  join?: () => unknown;
  publish?: () => unknown;
  hold?: () => unknown;
  subjects?: SubjectLimit;
  isDraining?: () => boolean;
  isRevoked?: () => boolean;
  isStale?: () => boolean;
  scopes?: readonly string[];
  options?: RoomgateModuleOptions;
}

/** Where everything is answered at once, no place has to be kept. */
export const NOBODY_WAITS = { keepPlace: (): void => undefined };

/** A door whose every step is written down in `steps`, and which lets everybody in unless told otherwise. */
export class Door {
  readonly clock = new FakeClock(1_800_000_000_000);
  readonly steps: string[] = [];
  readonly admission: Admission;
  readonly #rules: GatewayRules;

  constructor(behind: Behind = {}) {
    const step =
      (name: string, answer: (() => unknown) | undefined, fallback: unknown) =>
      (...parts: readonly unknown[]): never => {
        this.steps.push([name, ...parts.filter((part) => typeof part === 'string')].join(' '));
        return (answer ? answer() : fallback) as never;
      };
    const header = new AuthorizationHeaderExtractor();
    const policy = new (class extends RoomPolicy {
      join = step('join', behind.join, true);
      override publish = step('publish', behind.publish, true);
    })();
    this.#rules = { roomName: 'orders', policy, scopes: behind.scopes ?? [] };
    const ports = {
      clock: this.clock,
      extractor: {
        extract: (request: UpgradeRequest) =>
          behind.extract ? step('extract', behind.extract, '')() : header.extract(request),
      },
      verifier: { verify: step('verify', behind.verify, this.claims()) },
      isDraining: behind.isDraining ?? (() => false),
      subjects: behind.subjects ?? { hasPlace: () => true, take: () => () => undefined },
      isRevoked: behind.isRevoked ?? (() => false),
      isStale: behind.isStale ?? (() => false),
      generation: () => 0,
      holdRoom: step('hold', behind.hold, () => this.steps.push('release')),
    };
    this.admission = new Admission(ports, resolveOptions(behind.options, false));
  }

  claims(others: object = {}): Record<string, unknown> {
    const nowS = this.clock.now() / 1_000;
    const times = { iat: nowS, exp: nowS + 3_600 };
    return { iss: 'https://id.test', sub: 'alice', ...times, scope: 'a b', ...others };
  }

  /** Knocks with a token of good shape. */
  async knock(request: UpgradeRequest = knocking()): Promise<Admitted | Refusal> {
    return this.admission.admit(request, { room: ROOM, rules: this.#rules }, NOBODY_WAITS);
  }
}

export const TOKEN = `${encodePart({ alg: 'ES256', typ: 'JWT' })}.${encodePart({})}.c2ln`;

export function knocking(
  headers: Readonly<Record<string, string | readonly string[]>> = {},
  query = '',
): UpgradeRequest {
  return upgradeRequest({ authorization: `Bearer ${TOKEN}`, ...headers }, { query });
}
