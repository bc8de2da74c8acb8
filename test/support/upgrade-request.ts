import type { UpgradeRequest } from '../../src/index.js';

/** An upgrade request as admission sees it; a header given as text occurs once. */
export function upgradeRequest(
  headers: Readonly<Record<string, string | readonly string[]>> = {},
  others: Partial<Omit<UpgradeRequest, 'headers'>> = {},
): UpgradeRequest {
  const lists = Object.entries({ host: 'chat.test', ...headers }).map(
    ([name, value]) => [name, typeof value === 'string' ? [value] : value] as const,
  );
  return { headers: Object.fromEntries(lists), query: '', encrypted: false, ...others };
}
