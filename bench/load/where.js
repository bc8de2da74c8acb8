// Spreads client sockets over eight loopback addresses: each has its own 28,000 ports.

const ADDRESSES = Array.from({ length: 8 }, (_, i) => `127.0.0.${i + 2}`);

/**
 * @param {number} port
 * @param {number} index  of the connection
 */
export function whereFrom(port, index) {
  return { port, localAddress: ADDRESSES[index % ADDRESSES.length] };
}
