/**
 * A WebSocket handshake by hand: the bytes are exactly what the table says, which no client library promises.
 */
import { connect } from 'node:net';

const WAIT_MS = 5_000;

/**
 * @typedef {object} Handshake
 * @property {string} [method]            default GET
 * @property {string} target              path and query
 * @property {readonly string[]} [headers] lines beside those of every handshake
 * @property {string} [body]
 */

/**
 * What a server answers, in a few words: `in` for a 101, otherwise the status with the error of the `Bearer` challenge,
 * and for 405 with `Allow`.
 * @param {number} port @param {Handshake} handshake @returns {Promise<string>}
 */
export function knock(port, { method = 'GET', target, headers = [], body = '' }) {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
    ...(body ? [`Content-Length: ${Buffer.byteLength(body)}`] : []),
  ];
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`),
    );
    let received = '';
    const done = (/** @type {string} */ answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(WAIT_MS, () => done('no answer'));
    socket.on('error', () => done('connection reset'));
    socket.on('close', () => done('closed without an answer'));
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      if (received.includes('\r\n\r\n')) done(inWords(received));
    });
  });
}

/** @param {string} answer */
function inWords(answer) {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 'not HTTP';
  if (status === '101') return 'in';
  const challenge = /^www-authenticate: bearer\b(.*)$/im.exec(answer);
  const allow = /^allow: (.*)\r$/im.exec(answer);
  if (status === '405' && allow) return `405 Allow: ${allow[1]}`;
  return challenge ? `${status} ${/error="(\w+)"/.exec(challenge[1])?.[1] ?? 'Bearer'}` : status;
}
