// Finds the end of the server's answer to an upgrade, its status, and whether a 101 is a true one.
import { EXPECTED_ACCEPT } from './upgrade-request.js';

const BLANK_LINE = '\r\n\r\n';
const STATUS_START = 'HTTP/1.1 '.length;

export class ResponseReader {
  /** 0 until the head is complete */
  status = 0;
  /** what a refusal says, for error messages */
  body = '';
  /** @type {Buffer | null} */
  #begun = null;

  /**
   * @param {Buffer} buffer
   * @param {number} length
   * @returns {number} where frames begin in the buffer; the length when they do not
   */
  read(buffer, length) {
    if (this.status !== 0) return 0;
    const piece = buffer.subarray(0, length);
    const before = this.#begun?.length ?? 0;
    const head = this.#begun ? Buffer.concat([this.#begun, piece]) : piece;
    const end = head.indexOf(BLANK_LINE);
    if (end < 0) {
      // The read buffer is shared, so what came must be copied.
      this.#begun = Buffer.from(head);
      return length;
    }
    this.#begun = null;
    this.status = Number(head.toString('latin1', STATUS_START, STATUS_START + 3));
    if (this.status === 101 && head.indexOf(EXPECTED_ACCEPT) < 0) {
      throw new Error('a 101 came with a wrong Sec-WebSocket-Accept');
    }
    if (this.status !== 101) this.body = head.toString('utf8', end + BLANK_LINE.length);
    return end + BLANK_LINE.length - before;
  }
}
