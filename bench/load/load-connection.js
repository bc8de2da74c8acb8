// One raw client connection: sends prepared bytes, counts what comes back.
import { connect } from 'node:net';
import { FrameCounter } from './frame-counter.js';
import { maskedFrame, OPCODE } from './masked-frame.js';
import { ResponseReader } from './response-reader.js';

/** All connections read into the same memory, one after the other: reading allocates nothing. */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);

const NORMAL_CLOSE = maskedFrame(OPCODE.close, Buffer.from([0x03, 0xe8]));
const NO_PAYLOAD = Buffer.alloc(0);
const ANY_LENGTH = { min: 0, max: Infinity };

/**
 * @typedef {object} Listener  one object for all connections of a task
 * @property {(connection: LoadConnection) => void} [onConnected]  TCP only
 * @property {(connection: LoadConnection) => void} [onReady]  the hello is here
 * @property {(connection: LoadConnection, status: number, body: string) => void} [onRefused]  answered and closed
 * @property {(connection: LoadConnection, frames: number) => void} [onFrames]
 * @property {(connection: LoadConnection, text: string) => void} [onOtherText]  a frame that does not count
 * @property {(connection: LoadConnection, code: number) => void} [onServerClosed]  a close of the server that is no failure; it was answered
 * @property {(connection: LoadConnection) => void} [onClosed]
 * @property {(error: Error) => void} onFailed
 */

export class LoadConnection {
  /** Counted frames since the hello. */
  received = 0;
  /** Answered. */
  pings = 0;
  isPaused = false;
  /** Lengths that count. @type {import('./frame-counter.js').LengthRange} */
  range = ANY_LENGTH;
  /** Exchanged between tasks. @type {Listener} */
  listener;
  #dialect;
  #framesToHello;
  #closing = false;
  #pieceStart = 0;
  /** What has come of a payload that TCP cut in two. */
  #begun = NO_PAYLOAD;
  #response = new ResponseReader();
  #counter = new FrameCounter((opcode, length, end) => this.#onOther(opcode, length, end));
  #socket;

  /**
   * @param {{ port: number, localAddress: string | undefined }} where
   * @param {import('./dialects/index.js').Dialect} dialect
   * @param {Listener} listener
   */
  constructor(where, dialect, listener) {
    this.listener = listener;
    this.#dialect = dialect;
    this.#framesToHello = dialect.framesUntilReady;
    this.#socket = connect({
      host: '127.0.0.1',
      ...where,
      noDelay: true,
      onread: { buffer: READ_BUFFER, callback: (length) => this.#onRead(length) },
    });
    this.#socket.on('connect', () => this.listener.onConnected?.(this));
    this.#socket.on('error', (error) => this.#closing || this.listener.onFailed(error));
    this.#socket.on('close', () => this.#onClose());
  }

  /** Whether the hello is here. */
  get isReady() {
    return this.#framesToHello === 0;
  }

  /** @param {Buffer} bytes */
  write(bytes) {
    this.#socket.write(bytes);
  }

  /** The close handshake: our frame, the server's, the end of the TCP connection. */
  close() {
    this.#closing = true;
    this.#socket.write(NORMAL_CLOSE);
  }

  /** Reads no more. */
  pause() {
    this.isPaused = true;
    this.#socket.pause();
  }

  /** Gone at once and without a trace in the port table. */
  drop() {
    this.#closing = true;
    this.#socket.resetAndDestroy();
  }

  /** @param {number} length */
  #onRead(length) {
    try {
      this.#pieceStart = this.#response.read(READ_BUFFER, length);
      if (this.#response.status === 101) this.#countFrames(length);
    } catch (error) {
      this.listener.onFailed(/** @type {Error} */ (error));
    }
    return true;
  }

  /** @param {number} end */
  #countFrames(end) {
    let frames = this.#counter.count(READ_BUFFER, this.#pieceStart, end, this.range);
    if (this.listener.onOtherText) this.#keepBegun(end);
    if (frames > 0 && this.#framesToHello > 0) frames -= this.#openFurther(frames);
    if (frames === 0) return;
    this.received += frames;
    this.listener.onFrames?.(this, frames);
  }

  /** @param {number} end */
  #keepBegun(end) {
    const { begun } = this.#counter;
    const here = Math.min(begun, end - this.#pieceStart);
    const before = here < begun ? this.#begun : NO_PAYLOAD;
    this.#begun = begun === 0 ? NO_PAYLOAD : Buffer.concat([before, pieceOf(end - here, end)]);
  }

  /**
   * @param {number} frames
   * @returns {number} how many of them belong to the opening
   */
  #openFurther(frames) {
    const { greeting, framesUntilReady } = this.#dialect;
    if (greeting && this.#framesToHello === framesUntilReady) {
      this.write(maskedFrame(OPCODE.text, greeting));
    }
    const used = Math.min(frames, this.#framesToHello);
    this.#framesToHello -= used;
    if (this.#framesToHello === 0) this.listener.onReady?.(this);
    return used;
  }

  /**
   * Rare frames only, so this may allocate.
   *
   * @param {number} opcode
   * @param {number} length
   * @param {number} end  of the payload in the read buffer
   */
  #onOther(opcode, length, end) {
    const isWhole = end - length >= this.#pieceStart;
    const payload = isWhole
      ? pieceOf(end - length, end)
      : Buffer.concat([this.#begun, pieceOf(this.#pieceStart, end)]);
    const { heartbeat } = this.#dialect;
    if (opcode === OPCODE.ping) this.#onPing(payload);
    else if (opcode === OPCODE.close) this.#onCloseFrame(payload);
    else if (heartbeat?.length === length) this.write(maskedFrame(OPCODE.text, heartbeat.answer));
    else if (this.listener.onOtherText) this.listener.onOtherText(this, payload.toString());
    else this.listener.onFailed(new Error(`an unexpected message came: ${payload}`));
  }

  /** @param {Buffer} payload */
  #onPing(payload) {
    this.pings++;
    this.write(maskedFrame(OPCODE.pong, payload));
  }

  /** @param {Buffer} payload */
  #onCloseFrame(payload) {
    if (this.#closing) return;
    if (this.listener.onServerClosed && payload.length >= 2) {
      this.close();
      this.listener.onServerClosed(this, payload.readUInt16BE());
      return;
    }
    const code = payload.length >= 2 ? payload.readUInt16BE() : 'without a code';
    this.listener.onFailed(new Error(`the server closed a connection: ${code}`));
  }

  #onClose() {
    const { status, body } = this.#response;
    if (this.#closing) this.listener.onClosed?.(this);
    else if (status === 101) this.listener.onFailed(new Error('the server dropped a connection'));
    else this.listener.onRefused?.(this, status, body);
  }
}

/**
 * @param {number} from
 * @param {number} end
 */
function pieceOf(from, end) {
  return READ_BUFFER.subarray(from, end);
}
