import { PassThrough } from 'node:stream';
import { FakeClock } from 'nestjs-roomgate/testing';
import { awaitClaim } from '../../src/adapter/foreign-upgrade.js';

/** A socket of which the test says how many bytes it has written. */
class FakeSocket extends PassThrough {
  bytesWritten = 0;
}

describe('awaitClaim', () => {
  let clock: FakeClock;
  let socket: FakeSocket;

  beforeEach(() => {
    clock = new FakeClock();
    socket = new FakeSocket();
  });

  it('destroys a socket to which nobody wrote until the deadline', () => {
    awaitClaim(socket, clock, 10_000);
    clock.advance(9_999);
    expect(socket.destroyed).toBe(false);
    clock.advance(1);
    expect(socket.destroyed).toBe(true);
  });

  it('leaves one alone to which somebody wrote', () => {
    awaitClaim(socket, clock, 10_000);
    socket.bytesWritten = 1;
    clock.advance(10_000);
    expect(socket.destroyed).toBe(false);
  });

  it('leaves one alone that somebody has ended, since its bytes may be on the way', () => {
    awaitClaim(socket, clock, 10_000);
    socket.end();
    clock.advance(10_000);
    expect(socket.destroyed).toBe(false);
  });

  it('counts from what was written before, on a connection that was kept alive', () => {
    socket.bytesWritten = 500;
    awaitClaim(socket, clock, 10_000);
    clock.advance(10_000);
    expect(socket.destroyed).toBe(true);
  });

  it('keeps no timer for one that has closed', async () => {
    awaitClaim(socket, clock, 10_000);
    expect(clock.pending).toBe(1);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.destroy();
    await closed;
    expect(clock.pending).toBe(0);
  });

  it('takes a pipe, which counts no bytes, for unclaimed', () => {
    const pipe = new PassThrough();
    awaitClaim(pipe, clock, 10_000);
    clock.advance(10_000);
    expect(pipe.destroyed).toBe(true);
  });
});
