// Listens on a free port of the loopback interface.

/**
 * @param {import('node:http').Server} server
 * @returns {Promise<import('./server.types.js').Listening>}
 */
export function listen(server) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      resolve({ port: /** @type {import('node:net').AddressInfo} */ (server.address()).port });
    });
  });
}
