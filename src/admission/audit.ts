import type { Clock } from '../core/clock.js';
import type { AuditReason } from './audit-reasons.js';
import { hasJwt, type SeenCredential } from './seen-credential.js';

/** What happened. `revoked` is a kick, `left` a right that was lost, `refused` a "no" before the 101 or to a logout token. */
export type AuditKind =
  'admitted' | 'refused' | 'closed' | 'refreshed' | 'refresh_refused' | 'left' | 'revoked';

/**
 * A decision about somebody's authority. It holds no token, no claims and no address. Of what a stranger sent it holds a refused
 * Host or Origin alone, cut to 64 characters of printable ASCII.
 */
export interface AuditEvent {
  readonly kind: AuditKind;
  readonly reason: AuditReason;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly connectionId?: string;
  /** Of a verified token; absent while nothing is verified. */
  readonly issuer?: string;
  readonly subject?: string;
  readonly roomName?: string;
  /** The HTTP status of a refusal. */
  readonly status?: number;
  /** The close code (RFC 6455). */
  readonly closeCode?: number;
  /** Why the application's own verifier refused, at most 64 characters of printable ASCII. */
  readonly remark?: string;
  /** Of a refused request, and of a logout token that was obeyed: the same UUID as `requestId` and `X-Request-Id` of the HTTP answer and as in the log line. */
  readonly requestId?: string;
  /** Where a refused request had a credential, and in what shape; for refusals about credentials alone. */
  readonly credential?: SeenCredential;
  /** The Host or Origin that was refused, as it arrived, at most 64 characters of printable ASCII. */
  readonly seen?: string;
  /** The Host that arrived with a refused Origin, in the same form. */
  readonly host?: string;
  /** The scopes that the gateway asks for, of `insufficient_scope`. */
  readonly scope?: string;
  /** Milliseconds since a verified token expired, until it begins, or over `maxTokenLifeMs`, by the clock of this server. */
  readonly offByMs?: number;
}

/** Where decisions are written down. Replace it through `RoomgateModule.forRoot({ auditSink })`; the default writes to Nest's logger. */
export abstract class AuditSink {
  /** Called in the turn of the decision, so it has to be quick; one that throws or rejects loses that event and nothing else. */
  abstract record(event: AuditEvent): void;
}

/** The way to the sink: gives events their time, and lets nothing come back from it. */
export class Audit {
  constructor(
    private readonly sink: AuditSink,
    private readonly clock: Clock,
    /** Hears of a sink that fails. */
    private readonly failed: (error: unknown) => void = () => undefined,
  ) {}

  record(event: Omit<AuditEvent, 'at'>): void {
    try {
      // A method that is async fits the type as well.
      const done = this.sink.record(Object.assign(event, { at: this.clock.now() })) as unknown;
      if (done instanceof Promise) done.catch(this.failed);
    } catch (error) {
      // Whoever keeps the log must not decide who gets in.
      this.failed(error);
    }
  }
}

/** Words of the application for an event, which may have been put together from a token: short, and one plain line. */
export function cutRemark(text: unknown): string {
  if (typeof text !== 'string') return typeof text;
  return text.slice(0, 64).replaceAll(/[^\x20-\x7e]/g, '?');
}

/** A Host or an Origin for an event: without path, query and user, and not at all where it could be a token. */
export function cutAddress(text: string | undefined): string | undefined {
  if (text === undefined || hasJwt(text)) return undefined;
  const [, scheme = '', authority = ''] = /^([a-z][a-z\d+.-]*:\/\/)?([^/?#]*)/i.exec(text) ?? [];
  const address = scheme + authority.slice(authority.lastIndexOf('@') + 1);
  return cutRemark(address);
}
