/** Version, trace id, parent id and flags; a later version may have more behind them. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/s;

/**
 * A `traceparent` of W3C Trace Context, always in the form of version 00: what a later version adds is left out, as the
 * standard asks of those who do not know it. Undefined when it is not valid, which the standard says to treat like none.
 */
export function parseTraceparent(text: unknown): string | undefined {
  const parts = typeof text === 'string' ? TRACEPARENT.exec(text) : null;
  if (!parts) return undefined;
  const [, version, traceId, parentId, flags, rest] = parts as unknown as string[];
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (isZero(traceId) || isZero(parentId)) return undefined;
  return `00-${traceId}-${parentId}-${flags}`;
}

function isZero(id: string | undefined): boolean {
  return /^0*$/.test(id ?? '');
}
