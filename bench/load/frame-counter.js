// Counts a server's frames by their headers: payloads are skipped, nothing is allocated.

const OPCODE_BITS = 0x0f;
const FIN = 0x80;
const FIRST_CONTROL_OPCODE = 0x8;

/** What the next byte means. */
const FIRST = 0;
const LENGTH = 1;
const LONG_LENGTH = 2;
const PAYLOAD = 3;

/**
 * Payload lengths that count. A reply of another length is not the one that was asked for (an error,
 * a heartbeat), and is reported instead.
 *
 * @typedef {{ min: number, max: number }} LengthRange
 */

export class FrameCounter {
  #expects = FIRST;
  #opcode = 0;
  #length = 0;
  #lengthBytesLeft = 0;
  #payloadLeft = 0;
  #onOther;

  /** @param {(opcode: number, length: number, payloadEnd: number) => void} onOther  control frames, and data frames out of range */
  constructor(onOther) {
    this.#onOther = onOther;
  }

  /**
   * @param {Buffer} buffer
   * @param {number} from
   * @param {number} end
   * @param {LengthRange} range
   * @returns {number} data frames of a length in the range that ended in this piece
   */
  count(buffer, from, end, range) {
    let frames = 0;
    let at = from;
    while (at < end) {
      if (this.#expects === PAYLOAD) {
        const step = Math.min(this.#payloadLeft, end - at);
        at += step;
        this.#payloadLeft -= step;
      } else {
        this.#readHeader(buffer[at++]);
      }
      if (this.#expects !== PAYLOAD || this.#payloadLeft > 0) continue;
      this.#expects = FIRST;
      if (this.#counts(range)) frames++;
      else this.#onOther(this.#opcode, this.#length, at);
    }
    return frames;
  }

  /** Bytes that have come of a payload that is not complete. */
  get begun() {
    return this.#expects === PAYLOAD ? this.#length - this.#payloadLeft : 0;
  }

  /** @param {LengthRange} range */
  #counts(range) {
    return (
      this.#opcode < FIRST_CONTROL_OPCODE && this.#length >= range.min && this.#length <= range.max
    );
  }

  /** @param {number} byte */
  #readHeader(byte) {
    if (this.#expects === FIRST) {
      if (!(byte & FIN)) throw new Error('a fragmented frame came: no server here sends any');
      this.#opcode = byte & OPCODE_BITS;
      this.#expects = LENGTH;
    } else if (this.#expects === LENGTH) {
      if (byte > 127) throw new Error('a masked frame came from a server: the count is off');
      this.#lengthBytesLeft = byte === 126 ? 2 : byte === 127 ? 8 : 0;
      this.#length = byte < 126 ? byte : 0;
      this.#expects = byte < 126 ? PAYLOAD : LONG_LENGTH;
    } else {
      this.#length = this.#length * 256 + byte;
      if (--this.#lengthBytesLeft === 0) this.#expects = PAYLOAD;
    }
    this.#payloadLeft = this.#length;
  }
}
