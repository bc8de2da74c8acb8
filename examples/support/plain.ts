/**
 * Text of others for a terminal: one line without control and direction characters, which could move the cursor,
 * change colours or reorder what is shown.
 * @param max characters to keep
 */
export function plain(text: unknown, max = 500): string {
  const line = String(text).replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '·');
  return line.length > max ? `${line.slice(0, max - 1)}…` : line;
}
