import type { RoomId, RoomKey } from '../../src/admission/room-id.js';
import { RoomListeners } from '../../src/room/membership.js';
import { FakeMember } from '../support/fake-member.js';

const ROOM = '0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b' as RoomId;
const KEY = `orders/${ROOM}` as RoomKey;

describe('RoomListeners', () => {
  const alice = new FakeMember().asConnection;
  let warnings: [line: string, error: unknown][];
  let listeners: RoomListeners;
  beforeEach(() => {
    warnings = [];
    listeners = new RoomListeners((line, error) => warnings.push([line, error]));
  });
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const tellOfJoin = (): void => {
    listeners.note('onJoin', alice, ROOM);
    listeners.tell();
  };

  it('tells every listener who and where, each of what it listens to', () => {
    const told: unknown[] = [];
    listeners.add({
      onJoin: (connection, room) => told.push(['join', connection === alice, room]),
      onRoomCreated: (name, room) => told.push(['created', name, room]),
    });
    listeners.add({
      onLeave: (connection, room) => told.push(['leave', connection === alice, room]),
      onRoomEmpty: (name, room) => told.push(['empty', name, room]),
    });
    listeners.noteRoom('onRoomCreated', KEY);
    listeners.note('onJoin', alice, ROOM);
    listeners.note('onLeave', alice, ROOM);
    listeners.noteRoom('onRoomEmpty', KEY);
    expect(told).toEqual([]);
    listeners.tell();
    expect(told).toEqual([
      ['created', 'orders', ROOM],
      ['join', true, ROOM],
      ['leave', true, ROOM],
      ['empty', 'orders', ROOM],
    ]);
  });

  it('calls a listener as itself, and no more when it has stopped', () => {
    const listener = {
      count: 0,
      onJoin(): void {
        this.count += 1;
      },
    };
    const stop = listeners.add(listener);
    tellOfJoin();
    stop();
    stop();
    tellOfJoin();
    expect(listener.count).toBe(1);
  });

  it('warns of what throws or rejects, now or later, and tells the others all the same', async () => {
    let others = 0;
    listeners.add({
      onJoin: () => {
        throw new Error('at once');
      },
    });
    listeners.add({ onJoin: () => Promise.reject(new Error('later')) });
    listeners.add({ onJoin: () => (others += 1) });
    tellOfJoin();
    await settled();
    expect(others).toBe(1);
    expect(warnings.map(([line, error]) => [line, (error as Error).message])).toEqual([
      ["A membership listener's onJoin failed", 'at once'],
      ["A membership listener's onJoin failed", 'later'],
    ]);
  });

  it('tells all of what happened before what the first of them made of it', () => {
    const told: string[] = [];
    const listener = (name: string, onJoin = (): void => {}): void =>
      void listeners.add({
        onJoin: () => {
          onJoin();
          told.push(`${name} join`);
        },
        onLeave: () => told.push(`${name} leave`),
      });
    listener('a', () => {
      listeners.note('onLeave', alice, ROOM);
      listeners.tell();
    });
    listener('b');
    tellOfJoin();
    tellOfJoin();
    const once = ['a join', 'b join', 'a leave', 'b leave'];
    expect(told).toEqual([...once, ...once]);
  });

  it('keeps nothing for those who listen later', () => {
    const told: unknown[] = [];
    tellOfJoin();
    listeners.noteRoom('onRoomCreated', KEY);
    listeners.add({ onJoin: () => told.push('join'), onRoomCreated: () => told.push('created') });
    listeners.tell();
    expect(told).toEqual([]);
  });

  it('survives listeners that stop themselves and each other', () => {
    const told: string[] = [];
    const stops = [
      listeners.add({
        onJoin: () => {
          told.push('a');
          for (const stop of stops) stop();
        },
      }),
      listeners.add({ onJoin: () => told.push('b') }),
    ];
    tellOfJoin();
    tellOfJoin();
    expect([told, warnings]).toEqual([['a'], []]);
  });
});
