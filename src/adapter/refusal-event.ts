import { type AuditEvent, cutRemark } from '../admission/audit.js';
import { isAuditReason } from '../admission/audit-reasons.js';
import type { Principal } from '../admission/principal.js';
import type { Refusal } from '../admission/refusals.js';

/** A refusal as an audit event. An extractor of the application may have made it, so nothing in it is believed. */
export function refusalEvent(
  { code, reason, remark, principal, row }: Refusal,
  roomName?: string,
): Omit<AuditEvent, 'at'> {
  const about = { status: row.status, roomName, ...whoIs(principal) };
  if (isAuditReason(reason)) {
    const said = remark === undefined ? undefined : cutRemark(remark);
    return { kind: 'refused', reason, remark: said, ...about };
  }
  return { kind: 'refused', reason: code, remark: cutRemark(reason), ...about };
}

function whoIs(principal: Principal | undefined): Pick<AuditEvent, 'issuer' | 'subject'> {
  return principal ? { issuer: principal.issuer, subject: principal.subject } : {};
}
