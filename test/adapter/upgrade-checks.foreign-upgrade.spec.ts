import { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { FakeClock } from 'nestjs-roomgate/testing';
import { ForeignUpgrades, watchTouch } from '../../src/adapter/upgrade-checks.js';

/** A socket of which the test says how many bytes it has written. */
class FakeSocket extends PassThrough {
  bytesWritten = 0;
}

describe('ForeignUpgrades', () => {
  let clock: FakeClock;
  let socket: FakeSocket;
  let foreign: ForeignUpgrades;
  let done: number;
  let count: () => void;

  beforeEach(() => {
    clock = new FakeClock();
    socket = new FakeSocket();
    foreign = new ForeignUpgrades(clock, 10_000);
    done = 0;
    const current = socket;
    count = () => (current === socket ? (done += 1) : undefined);
  });

  const wait = (which: PassThrough = socket): void => foreign.wait(which, count);

  it('destroys a socket to which nobody wrote until the deadline', async () => {
    wait();
    clock.advance(9_999);
    expect(socket.destroyed).toBe(false);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    clock.advance(1);
    await closed;
    expect([socket.destroyed, done]).toEqual([true, 1]);
  });

  it('leaves a socket alone to which another listener wrote', () => {
    wait();
    socket.bytesWritten = 1;
    clock.advance(10_000);
    expect([socket.destroyed, done]).toEqual([false, 1]);
  });

  it('leaves a socket alone that another listener has ended, since its bytes may be on the way', () => {
    wait();
    socket.end();
    clock.advance(10_000);
    expect([socket.destroyed, done]).toEqual([false, 1]);
  });

  it('counts from what was written before, on a connection that was kept alive', () => {
    socket.bytesWritten = 500;
    wait();
    clock.advance(10_000);
    expect(socket.destroyed).toBe(true);
  });

  it('keeps no timer for a socket that has closed', async () => {
    wait();
    expect(clock.pending).toBe(1);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.destroy();
    await closed;
    expect([clock.pending, done]).toEqual([0, 1]);
  });

  it('takes a pipe, which counts no bytes, for unclaimed', () => {
    const pipe = new PassThrough();
    wait(pipe);
    clock.advance(10_000);
    expect(pipe.destroyed).toBe(true);
  });

  it('finds out which requests were claimed when it is asked, and tells of each once', () => {
    wait();
    expect([foreign.letGoClaimed(), done]).toEqual([false, 0]);
    socket.bytesWritten = 1;
    expect([foreign.letGoClaimed(), done]).toEqual([true, 1]);
    expect(foreign.letGoClaimed()).toBe(false);
    clock.advance(10_000);
    socket.emit('close');
    expect([socket.destroyed, done]).toEqual([false, 1]);
  });
});

describe('watchTouch', () => {
  it.each<[string, (socket: FakeSocket) => unknown, boolean]>([
    ['nothing', () => undefined, false],
    ['an error listener', (socket) => socket.on('error', () => undefined), false],
    ['bytes', (socket) => (socket.bytesWritten += 1), true],
    ['a reader', (socket) => socket.on('data', () => undefined), true],
    ['an end', (socket) => socket.end(), true],
    ['a destroyed socket', (socket) => socket.destroy(), true],
    [
      'a response that will be written',
      (socket) => new ServerResponse({ method: 'GET' } as never).assignSocket(socket as never),
      true,
    ],
  ])('says of %s whether somebody has touched the socket', (_what, touch, expected) => {
    const socket = new FakeSocket();
    const isTouched = watchTouch(socket);
    touch(socket);
    expect(isTouched()).toBe(expected);
  });
});
