import { randomFillSync } from 'node:crypto';

const ID_BYTES = 16;
const IDS_AT_ONCE = 128;
const VERSION_AT = 6;
const VARIANT_AT = 8;
/** Where the digits of each byte stand in the text. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;
const DIGITS = Buffer.from('0123456789abcdef', 'latin1');

const random = Buffer.alloc(ID_BYTES * IDS_AT_ONCE);
let used = random.length;
const text = Buffer.alloc(36, '-');

/**
 * A random UUID (RFC 9562 §5.4). The text that Node's `randomUUID` answers is a tree of twenty pieces, and would be kept, and
 * moved by the garbage collector, as such for as long as a connection lives; this one is in one piece.
 */
export function newUuid(): string {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  random[used + VERSION_AT] = ((random[used + VERSION_AT] as number) & 0x0f) | 0x40;
  random[used + VARIANT_AT] = ((random[used + VARIANT_AT] as number) & 0x3f) | 0x80;
  for (let byte = 0; byte < ID_BYTES; byte++) {
    const value = random[used + byte] as number;
    const place = PLACES[byte] as number;
    text[place] = DIGITS[value >> 4] as number;
    text[place + 1] = DIGITS[value & 0x0f] as number;
  }
  used += ID_BYTES;
  return text.toString('latin1');
}
