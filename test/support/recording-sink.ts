import { AUDIT_REASONS, type AuditEvent, AuditSink } from 'nestjs-roomgate';

/** Keeps every event, and sees to it that each is one of the table and holds nothing else than it may. */
export class RecordingSink extends AuditSink {
  readonly events: AuditEvent[] = [];

  record(event: AuditEvent): void {
    this.events.push(event);
  }

  /** The events so far, each as `kind reason`, and from here on new ones. */
  take(): string[] {
    return this.takeEvents().map(({ kind, reason }) => `${kind} ${reason}`);
  }

  takeEvents(): AuditEvent[] {
    for (const event of this.events) expectSound(event);
    return this.events.splice(0);
  }
}

const MEMBERS = new Set([
  'kind',
  'reason',
  'at',
  'connectionId',
  'issuer',
  'subject',
  'roomName',
  'status',
  'closeCode',
  'remark',
  'requestId',
  'credential',
  'seen',
  'host',
  'scope',
  'offByMs',
]);

function expectSound(event: AuditEvent): void {
  expect(Object.keys(AUDIT_REASONS)).toContain(event.reason);
  expect(Object.keys(event).filter((member) => !MEMBERS.has(member))).toEqual([]);
  expect(event.at).toBeGreaterThan(0);
}
