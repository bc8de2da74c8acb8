import { EventEmitter } from 'node:events';
import { jest } from '@jest/globals';
import { TestConnection } from 'nestjs-roomgate/testing';

class FakeSocket extends EventEmitter {
  readonly sent: string[] = [];

  send(text: string): void {
    this.sent.push(text);
  }

  close(code: number): void {
    this.emit('close', code, Buffer.from('bye'));
  }

  receive(message: object): void {
    this.emit('message', Buffer.from(JSON.stringify(message)));
  }
}

describe('TestConnection', () => {
  let socket: FakeSocket;
  let connection: TestConnection;

  beforeEach(() => {
    jest.useFakeTimers();
    socket = new FakeSocket();
    connection = new TestConnection(socket as never);
  });
  afterEach(() => jest.useRealTimers());

  it('keeps messages until they are asked for, in order or by event', async () => {
    for (const event of ['a', 'b', 'a']) socket.receive({ event });
    expect(connection.waiting).toHaveLength(3);
    expect(await connection.next('b')).toEqual({ event: 'b' });
    expect(await connection.next()).toEqual({ event: 'a' });
    const later = connection.next('c');
    socket.receive({ event: 'c' });
    expect(await later).toEqual({ event: 'c' });
    expect(connection.waiting).toEqual([{ event: 'a' }]);
  });

  it('takes the reply with the id of the request, whatever comes before it', async () => {
    const [first, second] = [connection.request('say', 1), connection.request('say', 2)];
    const ids = socket.sent.map((text) => (JSON.parse(text) as { id: string }).id);
    socket.receive({ event: 'said', data: 0 });
    socket.receive({ event: 'ack', id: ids[1] });
    socket.receive({ event: 'ack', id: ids[0] });
    expect([(await first).id, (await second).id]).toEqual(ids);
  });

  it('says what it waited for when it does not come, and takes nothing from those who ask later', async () => {
    const late = expect(connection.next('said')).rejects.toThrow(
      'Waited for said, but it did not come.',
    );
    await jest.advanceTimersByTimeAsync(2_000);
    await late;
    socket.receive({ event: 'said' });
    expect(await connection.next('said')).toEqual({ event: 'said' });
  });

  it('says so when the connection is closed instead', async () => {
    const waits = expect(connection.next()).rejects.toThrow('the connection was closed with 4401');
    socket.close(4401);
    await waits;
    await expect(connection.next()).rejects.toThrow('the connection was closed with 4401');
    expect(await connection.expectClosed(4401)).toEqual({ code: 4401, reason: 'bye' });
    await expect(connection.expectClosed(1000)).rejects.toThrow('was 4401 (bye)');
  });
});
