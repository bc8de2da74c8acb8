import type { Clock } from '../roomgate.clock.js';
import { ignoreRejection } from '../roomgate.errors.js';
import type { AuditReason } from './audit-reasons.js';

/** What happened. `revoked` is a kick, `left` a right that was lost, `refused` a "no" before the 101 or to a logout token. */
export type AuditKind =
  'admitted' | 'refused' | 'closed' | 'refreshed' | 'refresh_refused' | 'left' | 'revoked';

/** A decision about somebody's authority. It holds no token, no claims, no address and nothing that a stranger sent. */
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
  ) {}

  record(event: Omit<AuditEvent, 'at'>): void {
    try {
      // A method that is async fits the type as well.
      ignoreRejection(this.sink.record(Object.assign(event, { at: this.clock.now() })) as unknown);
    } catch {
      // Whoever keeps the log must not decide who gets in.
    }
  }
}

/** Words of the application for an event, which may have been put together from a token: short, and one plain line. */
export function cutRemark(text: unknown): string {
  if (typeof text !== 'string') return typeof text;
  return text.slice(0, 64).replaceAll(/[^\x20-\x7e]/g, '?');
}
