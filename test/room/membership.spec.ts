import fc from 'fast-check';
import type { RoomKey } from '../../src/admission/room-id.js';
import type { EngineKey, Position } from '../../src/room/engine/engine.js';
import { DelayedEngine } from '../../src/toolkit/testing/delayed.engine.js';
import type { Memberships } from '../../src/room/membership.js';
import { Deferred } from '../support/deferred.js';
import { FakeMember } from '../support/fake-member.js';
import { propertyRuns } from '../support/property-runs.js';
import { RoomStage } from '../support/room-stage.js';

/** Writes down which rooms it is asked for, and answers when and how the test says. */
class RecordingEngine extends DelayedEngine {
  readonly calls: string[] = [];
  answer: () => Promise<Position> | Position = () => ({ offset: 0, epoch: 'e' });
  leaving: () => Promise<void> | void = () => undefined;

  override subscribe(key: EngineKey): Promise<Position> {
    this.calls.push(`+${key}`);
    return this.answer() as Promise<Position>;
  }

  override unsubscribe(key: EngineKey): Promise<void> {
    this.calls.push(`-${key}`);
    return this.leaving() as Promise<void>;
  }
}

const key = (name: string): RoomKey => `default/${name}` as RoomKey;
const A = key('a');

describe('Memberships', () => {
  let engine: RecordingEngine;
  let stage: RoomStage;
  let rooms: Memberships;
  let warnings: string[];

  beforeEach(() => {
    engine = new RecordingEngine(1);
    stage = new RoomStage(engine);
    rooms = stage.memberships;
    warnings = stage.warnings;
  });

  it('subscribes a room once for all who are at its door or inside, and unsubscribes it after the last', async () => {
    const [first, second] = [await rooms.hold(A), await rooms.hold(A)];
    expect(engine.calls).toEqual(['+default/a']);
    first();
    first();
    expect([engine.calls.length, rooms.size]).toEqual([1, 1]);
    second();
    expect([engine.calls, rooms.size]).toEqual([['+default/a', '-default/a'], 0]);
  });

  it('lets all who came meanwhile wait for one subscription', async () => {
    const subscribed = new Deferred<Position>();
    engine.answer = () => subscribed.promise;
    const holds = Promise.all([rooms.hold(A), rooms.hold(A), rooms.hold(A)]);
    expect(engine.calls).toHaveLength(1);
    subscribed.resolve({ offset: 0, epoch: 'e' });
    for (const release of await holds) release();
    expect([engine.calls, rooms.size]).toEqual([['+default/a', '-default/a'], 0]);
  });

  it('holds in the same turn when the engine answers in it, and when the room is here already', () => {
    engine.answer = () => ({ offset: 0, epoch: 'e' });
    expect([rooms.hold(A), rooms.hold(A)]).toEqual([expect.any(Function), expect.any(Function)]);
    expect(engine.calls).toEqual(['+default/a']);
  });

  it.each<[string, () => Promise<Position> | Position]>([
    ['rejects', () => Promise.reject(new Error('down'))],
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
  ])('holds nothing when the engine %s, and asks again for the next', async (_, answer) => {
    engine.answer = answer;
    const hold = async (): Promise<unknown> => rooms.hold(A);
    const both = await Promise.allSettled([hold(), hold()]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(rooms.size).toBe(0);
    engine.answer = () => ({ offset: 0, epoch: 'e' });
    engine.calls.length = 0;
    (await rooms.hold(A))();
    expect(engine.calls).toEqual(['+default/a', '-default/a']);
  });

  it('subscribes anew, behind the end of the old one, when somebody comes as the last leaves', async () => {
    const left = new Deferred();
    engine.leaving = () => left.promise;
    (await rooms.hold(A))();
    const again = await rooms.hold(A);
    expect(engine.calls).toEqual(['+default/a', '-default/a', '+default/a']);
    left.resolve();
    again();
    expect(engine.calls.at(-1)).toBe('-default/a');
  });

  it.each<[string, () => Promise<void>]>([
    ['rejects', () => Promise.reject(new Error('down'))],
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
  ])('warns when unsubscribing %s', async (_, leaving) => {
    engine.leaving = leaving;
    (await rooms.hold(A))();
    await Promise.resolve();
    await Promise.resolve();
    expect([warnings.length, rooms.size]).toEqual([1, 0]);
  });

  it('makes nobody a member twice, and lets go of the hold that was too many', async () => {
    const alice = new FakeMember();
    await alice.join(rooms, A);
    await alice.join(rooms, A);
    expect([alice.memberships.length, rooms.get(A)?.members.size]).toEqual([1, 1]);
    rooms.leave(alice.asConnection, A);
    rooms.leave(alice.asConnection, A);
    expect([alice.memberships.length, rooms.size]).toEqual([0, 0]);
  });

  it('gives up a subscription that is never answered, so that the next one may be', async () => {
    const never = new Deferred<Position>();
    engine.answer = () => never.promise;
    const holding = Promise.resolve(rooms.hold(A));
    const failed = expect(holding).rejects.toMatchObject({ code: 'engine_unavailable' });
    await Promise.resolve();
    stage.clock.advance(5_000);
    await failed;
    expect(rooms.size).toBe(0);
    engine.answer = () => ({ offset: 0, epoch: 'e' });
    (await rooms.hold(A))();
  });

  it('tells listeners of joins and leaves when they are done, and survives what they do', async () => {
    const alice = new FakeMember();
    const bob = new FakeMember();
    const roomsOf = (id: string): number => (id === alice.id ? alice : bob).memberships.length;
    const told: string[] = [];
    stage.listeners.add({
      onJoin: ({ id }) => told.push(`join ${id === alice.id} ${roomsOf(id)}`),
    });
    stage.listeners.add({
      onLeave: ({ id }) => {
        told.push(`leave ${id === alice.id} ${roomsOf(id)} ${rooms.get(A)?.members.size ?? 0}`);
        if (id === alice.id) rooms.leaveAll(bob.asConnection);
      },
    });
    await alice.join(rooms, A);
    await bob.join(rooms, A);
    rooms.leave(alice.asConnection, A);
    expect(told).toEqual(['join true 1', 'join false 1', 'leave true 0 1', 'leave false 0 0']);
    expect(rooms.size).toBe(0);
  });

  it('agrees in both directions, and with the engine, whoever joins and leaves what', async () => {
    const step = fc.record({
      does: fc.constantFrom('join', 'leave', 'leaveAll'),
      who: fc.nat(3),
      room: fc.nat(2),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
        engine = new RecordingEngine(1);
        rooms = new RoomStage(engine).memberships;
        const members = Array.from({ length: 4 }, () => new FakeMember());
        const model = members.map(() => new Set<RoomKey>());
        for (const { does, who, room } of steps) {
          const [member, own, name] = [
            members[who] as FakeMember,
            model[who] as Set<RoomKey>,
            key(String(room)),
          ];
          if (does === 'join') {
            await member.join(rooms, name);
            own.add(name);
          } else if (does === 'leave') {
            rooms.leave(member.asConnection, name);
            own.delete(name);
          } else {
            rooms.leaveAll(member.asConnection);
            own.clear();
          }
          for (const [index, each] of members.entries())
            expect(new Set(each.memberships.map((one) => one.key))).toEqual(model[index]);
          const open = new Set(model.flatMap((all) => [...all]));
          expect(rooms.size).toBe(open.size);
          for (const one of open)
            expect(new Set(rooms.get(one)?.members.values())).toEqual(
              new Set(members.filter((_, index) => model[index]?.has(one))),
            );
          const subscribed = (one: RoomKey): number =>
            engine.calls.reduce(
              (sum, call) => sum + (call === `+${one}` ? 1 : call === `-${one}` ? -1 : 0),
              0,
            );
          for (const one of [key('0'), key('1'), key('2')])
            expect(subscribed(one)).toBe(open.has(one) ? 1 : 0);
        }
      }),
      propertyRuns(40),
    );
  });
});
