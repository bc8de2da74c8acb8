import { createServer, type Server } from 'node:http';
import { boundHeaders } from '../../src/adapter/roomgate.adapter.js';

const intervalOf = (server: Server): unknown => Reflect.get(server, 'connectionsCheckingInterval');

describe('boundHeaders', () => {
  it.each([
    [10_000, 250],
    [150, 75],
  ])(
    'makes %d ms of the minute that Node gives, and has Node look every %d',
    (timeoutMs, every) => {
      const server = createServer();
      boundHeaders(server, timeoutMs);
      expect([server.headersTimeout, intervalOf(server)]).toEqual([timeoutMs, every]);
    },
  );

  it.each([5_000, 59_999, 90_000, 0])(
    'leaves the %d ms that the app has chosen',
    (headersTimeout) => {
      const server = createServer({ headersTimeout, requestTimeout: 120_000 });
      boundHeaders(server, 10_000);
      expect([server.headersTimeout, intervalOf(server)]).toEqual([headersTimeout, 30_000]);
    },
  );

  it('leaves an interval that is shorter', () => {
    const server = createServer({ connectionsCheckingInterval: 50 });
    boundHeaders(server, 10_000);
    expect(intervalOf(server)).toBe(50);
  });

  it('does nothing when it is switched off', () => {
    const server = createServer();
    boundHeaders(server, 0);
    expect([server.headersTimeout, intervalOf(server)]).toEqual([60_000, 30_000]);
  });
});
