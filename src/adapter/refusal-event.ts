import type { IncomingMessage } from 'node:http';
import { type AuditEvent, cutAddress, cutRemark, isAuditReason } from '../admission/audit.js';
import { adviseOnCredential } from '../admission/explain-verdict.js';
import { forgetLastMatch } from '../core/bounded-cache.js';
import type { Refusal } from '../admission/refusals.js';
import { seeBody, seeCredential, type SeenCredential } from '../admission/credential.js';
import { headerValues } from '../admission/upgrade-request.js';
import { splitTarget } from './request-target.js';

/** The request that was refused; none for what has no request of its own. */
type Refused = Pick<IncomingMessage, 'rawHeaders' | 'url'>;

/** A refusal as an audit event. An extractor of the application may have made it, so nothing in it is believed. */
export function refusalEvent(
  refusal: Refusal,
  requestId: string,
  request?: Refused,
  roomName?: string,
): Omit<AuditEvent, 'at'> {
  const { code, reason, remark, principal, row, scope, offByMs } = refusal;
  const isKnown = isAuditReason(reason);
  const said = isKnown ? remark : reason;
  const found = request && seenIn(request, refusal);
  forgetLastMatch();
  return {
    kind: 'refused',
    reason: isKnown ? reason : code,
    remark: said === undefined ? undefined : cutRemark(said),
    status: row.status,
    roomName,
    issuer: principal?.issuer,
    subject: principal?.subject,
    requestId,
    scope,
    offByMs,
    ...found,
  };
}

function seenIn(
  { rawHeaders, url = '' }: Refused,
  { code, row, seen }: Refusal,
): Pick<AuditEvent, 'credential' | 'seen' | 'host'> | undefined {
  const only = (name: string): string | undefined => headerValues({ rawHeaders }, name)[0];
  if (code === 'host_not_allowed') return { seen: cutAddress(seen ?? only('host')) };
  if (code === 'origin_not_allowed')
    return { seen: cutAddress(seen ?? only('origin')), host: cutAddress(only('host')) };
  if (row.challenge) return { credential: seeCredential(rawHeaders, splitTarget(url).query) };
  const isOdd = code === 'bad_request' || code === 'method_not_allowed';
  const credential: SeenCredential | undefined = isOdd ? seeBody(rawHeaders) : undefined;
  return credential && { credential };
}

/** What a developer is told in the answer itself: where the credential was seen, and what to change. Never whether it was valid. */
export function hintOf(
  { credential }: Omit<AuditEvent, 'at'>,
  strict: boolean,
): string | undefined {
  // The text about a token in the query says both already.
  if (strict || credential === undefined || credential.place === 'query') return undefined;
  return adviseOnCredential(credential);
}
