import { Duplex } from 'node:stream';
import { FakeClock } from 'nestjs-roomgate/testing';
import { letGoUnread } from '../../src/adapter/half-closed.js';

describe('letGoUnread', () => {
  const clock = new FakeClock();
  const stalled = (): Duplex => new Duplex({ read() {}, write() {} });

  it('waits for nobody who has nothing to read', () => {
    letGoUnread(stalled(), clock, 1_000);
    expect(clock.pending).toBe(0);
  });

  it('destroys the socket of one that does not read the rest in time', () => {
    const socket = stalled();
    socket.write('more');
    letGoUnread(socket, clock, 1_000);
    clock.advance(999);
    expect(socket.destroyed).toBe(false);
    clock.advance(1);
    expect(socket.destroyed).toBe(true);
  });

  it('forgets one that has gone by itself', async () => {
    const socket = stalled();
    socket.write('more');
    letGoUnread(socket, clock, 1_000);
    socket.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    expect(clock.pending).toBe(0);
  });
});
