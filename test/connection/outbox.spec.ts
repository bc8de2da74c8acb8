import type { RoomKey } from '../../src/admission/room-id.js';
import { encodeTextFrame } from '../../src/connection/frame.js';
import { RoomBatch } from '../../src/connection/room-batch.js';
import { FakeOwner } from '../support/outbox-owner.js';

const A = 'default/a' as RoomKey;
const B = 'default/b' as RoomKey;

function batchOf(owner: FakeOwner, key: RoomKey, ...texts: string[]): RoomBatch {
  const batch = new RoomBatch(key);
  owner.outbox.addBatch(batch, 0);
  for (const text of texts) batch.append(encodeTextFrame(text));
  return batch;
}

describe('Outbox', () => {
  let owner: FakeOwner;
  beforeEach(() => (owner = new FakeOwner()));

  it('hands over everything of a turn in one write, in the order of the code', () => {
    owner.send('1');
    const batch = batchOf(owner, A, '2', '3');
    owner.send('4');
    batch.append(encodeTextFrame('5'));
    owner.send('6');
    expect(owner.socket.writes).toHaveLength(0);
    owner.turn.flush();
    expect(owner.texts).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(owner.socket.writes).toHaveLength(1);
  });

  it('hands over nothing twice', () => {
    owner.send('1');
    owner.turn.flush();
    owner.turn.flush();
    owner.send('2');
    owner.turn.flush();
    expect(owner.texts).toEqual(['1', '2']);
  });

  it('shares the bytes of a batch that it holds alone', () => {
    const other = new FakeOwner(owner.turn);
    const batch = batchOf(owner, A);
    other.outbox.addBatch(batch, 0);
    batch.append(encodeTextFrame('1'));
    batch.append(encodeTextFrame('2'));
    owner.turn.flush();
    expect(owner.socket.writes[0]).toBe(other.socket.writes[0]);
  });

  it('keeps two rooms that speak in turns in their order of first words, and each in its own order', () => {
    const a = batchOf(owner, A, 'a1');
    const b = batchOf(owner, B, 'b1');
    a.append(encodeTextFrame('a2'));
    b.append(encodeTextFrame('b2'));
    owner.turn.flush();
    expect(owner.texts).toEqual(['a1', 'a2', 'b1', 'b2']);
  });

  it('ends what it gets of a batch, whether it holds all of it or a rest', () => {
    const batch = batchOf(owner, A, '1');
    batch.remove(owner.outbox);
    batch.append(encodeTextFrame('not for us'));
    batch.detached.add(owner.outbox);
    batch.append(encodeTextFrame('2'));
    batch.remove(owner.outbox);
    batch.append(encodeTextFrame('not for us either'));
    owner.turn.flush();
    expect(owner.texts).toEqual(['1', '2']);
  });

  it('drops all but control frames when the connection is no longer live as bytes are handed over', () => {
    owner.send('late reply');
    batchOf(owner, A, 'late publication');
    owner.send('goodbye', true);
    owner.isAlive = false;
    owner.turn.flush();
    expect(owner.texts).toEqual(['goodbye']);
  });

  it('is not written to when it was left out of everything', () => {
    const batch = batchOf(owner, A);
    batch.remove(owner.outbox);
    batch.append(encodeTextFrame('not for us'));
    owner.turn.flush();
    owner.socket.stall();
    owner.socket.write(Buffer.alloc(1));
    batchOf(owner, A).remove(owner.outbox);
    owner.turn.flush();
    expect(owner.socket.writes).toHaveLength(1);
  });

  it('drops everything when the socket takes no more', () => {
    owner.send('1', true);
    owner.isOpen = false;
    owner.turn.flush();
    owner.isOpen = true;
    owner.turn.flush();
    expect(owner.texts).toEqual([]);
  });

  it('drops the publications of one room of two', () => {
    owner.send('reply');
    const a = batchOf(owner, A, 'a1');
    batchOf(owner, B, 'b1');
    owner.send('between');
    a.append(encodeTextFrame('a2'));
    owner.outbox.drop(A);
    owner.turn.flush();
    expect(owner.texts).toEqual(['reply', 'b1', 'between']);
  });

  it('drops all but control frames, and goes on with what comes afterwards', () => {
    owner.send('reply');
    batchOf(owner, A, 'a1');
    owner.outbox.drop();
    owner.send('goodbye', true);
    owner.turn.flush();
    expect(owner.texts).toEqual(['goodbye']);
  });

  it('hands over before the turn ends when a handler that never ends it sends more than the limit', () => {
    const reader = new FakeOwner(owner.turn, 'member', 65_536);
    const frame = 'x'.repeat(1_020);
    for (let sent = 0; sent < 64; sent++) reader.send(frame);
    expect(reader.texts).toEqual([]);
    for (let sent = 0; sent < 1_000; sent++) reader.send(frame);
    // Only a reader that is behind is a slow one: this one has taken everything so far.
    expect(reader.timesStalled).toBe(0);
    owner.turn.flush();
    expect(reader.texts).toHaveLength(1_064);
  });

  it('takes no more than the limit from such a handler when its reader takes nothing', () => {
    const reader = new FakeOwner(owner.turn, 'member', 65_536);
    reader.socket.stall();
    const taken = Array.from({ length: 200 }, () => reader.send('x'.repeat(1_020)));
    expect(taken.lastIndexOf(true)).toBe(63);
    expect(taken.indexOf(false)).toBe(64);
    expect(reader.outbox.backlogBytes + reader.socket.writableLength).toBe(65_536);
    expect(reader.timesStalled).toBe(0);
  });

  it('takes control frames beyond the limit, but not for ever', () => {
    const reader = new FakeOwner(owner.turn, 'member', 65_536);
    reader.socket.stall();
    while (reader.send('x'.repeat(1_020)));
    expect([reader.send('hello', true), reader.timesStalled]).toEqual([true, 0]);
    for (let sent = 0; sent < 10; sent++) reader.send('x'.repeat(1_020), true);
    expect(reader.timesStalled).toBeGreaterThan(0);
  });

  it('drops what a room said to make room for a reply', () => {
    const reader = new FakeOwner(owner.turn, 'member', 65_536);
    reader.socket.stall();
    for (let n = 0; n < 7; n++) {
      batchOf(reader, A, 'x'.repeat(10_000));
      owner.turn.flush();
    }
    expect(reader.send('y'.repeat(10_000))).toBe(true);
    owner.turn.flush();
    expect(reader.outbox.backlogBytes + reader.socket.writableLength).toBeLessThanOrEqual(65_536);
  });

  it('knows which of its frames were handed over', async () => {
    const reader = new FakeOwner(owner.turn, 'member', 65_536);
    reader.send('a');
    expect([reader.outbox.added, reader.outbox.handedOver]).toEqual([1, 0]);
    owner.turn.flush();
    expect(reader.outbox.handedOver).toBe(1);
    reader.socket.stall();
    for (let n = 0; n < 3; n++) {
      reader.send('x'.repeat(20_000));
      owner.turn.flush();
    }
    reader.send('b');
    owner.turn.flush();
    expect(reader.outbox.added).toBe(5);
    expect(reader.outbox.handedOver).toBeLessThan(5);
    await reader.socket.readAll();
    expect(reader.outbox.handedOver).toBe(5);
  });
});
