import { cutRemark } from './audit.js';
import { isAuditReason } from './audit-reasons.js';
import { Refusal } from './refusals.js';
import { KeysUnavailableError, TokenRefusedError } from './token-verifier.js';

/** What a `TokenVerifier` threw, as a refusal. An application's own may invent reasons; the table of reasons is closed. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof KeysUnavailableError) return new Refusal('keys_unavailable');
  if (!(error instanceof TokenRefusedError))
    return new Refusal('token_invalid', 'verifier_failed').because(error);
  const reason: unknown = error.reason;
  if (isAuditReason(reason)) return new Refusal('token_invalid', reason);
  const remark = cutRemark(reason);
  return new Refusal('token_invalid', 'verifier_refused', undefined, undefined, remark);
}
