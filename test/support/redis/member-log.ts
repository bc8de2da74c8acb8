import type { Position } from '../../../src/room/engine/engine.js';

/** What a member was told, in order. */
export type Told =
  | { readonly kind: 'said'; readonly text: string; readonly offset: number | undefined }
  | { readonly kind: 'gap' };

/**
 * Reads what a member was told against what was accepted: nothing twice, nothing out of order, nothing missing but behind a gap.
 * What failed when it was published may have been accepted all the same; then it takes a place, which is known by its neighbours.
 */
export function faultsIn(
  log: readonly Told[],
  accepted: ReadonlyMap<string, Position>,
  failed: ReadonlySet<string>,
): string[] {
  const faults: string[] = [];
  const heard = new Set<string>();
  let last: { readonly position: Position; readonly text: string } | undefined;
  let since = 0;
  for (const told of log) {
    if (told.kind === 'gap') {
      last = undefined;
      continue;
    }
    const { text, offset } = told;
    if (heard.has(text)) faults.push(`hears ${text} twice`);
    heard.add(text);
    since += 1;
    const position = accepted.get(text);
    if (!position) {
      if (!failed.has(text)) faults.push(`hears ${text}, which nobody said`);
      continue;
    }
    if (offset !== undefined && offset !== position.offset)
      faults.push(`hears ${text} as ${offset}, not as ${position.offset}`);
    if (last && last.position.epoch !== position.epoch)
      faults.push(`hears ${text} of another epoch behind ${last.text} without a gap`);
    else if (last && position.offset <= last.position.offset)
      faults.push(`hears ${text} behind ${last.text}`);
    else if (last && position.offset !== last.position.offset + since)
      faults.push(
        `lost ${position.offset - last.position.offset - since} between ${last.text} and ${text}`,
      );
    last = { position, text };
    since = 0;
  }
  return faults;
}
