import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import type { RoomKey } from '../../src/admission/room-id.js';
import { DelayedEngine } from '../../src/toolkit/testing/delayed.engine.js';
import type { Position, RoomEngine } from '../../src/room/engine/engine.js';
import { MemoryEngine } from '../../src/room/engine/memory/memory.engine.js';
import { FakeMember } from '../support/fake-member.js';
import { propertyRuns } from '../support/property-runs.js';
import { RoomStage } from '../support/room-stage.js';

const MEMBERS = 4;
const ROOMS = ['default/a', 'default/b'] as RoomKey[];

const step = fc.record({
  does: fc.constantFrom(
    'join',
    'leave',
    'say',
    'say',
    'say',
    'say to others',
    'send',
    'close',
    'turn',
  ),
  who: fc.nat(MEMBERS - 1),
  room: fc.nat(ROOMS.length - 1),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const checkPhases = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** What was said in a room, where it got to, and who was not to hear it. */
interface Said {
  readonly n: number;
  readonly room: RoomKey;
  readonly except?: string;
  position?: Position;
}

/** When somebody was in a room, in numbers of what was said by then. */
interface Stay {
  readonly room: RoomKey;
  readonly from: number;
  to?: number;
}

/** Runs the steps on a real room stage; members are fakes with real outboxes. */
async function play(
  engine: RoomEngine,
  steps: readonly Step[],
): Promise<{ members: FakeMember[]; stays: Stay[][]; sent: string[][][]; all: Said[] }> {
  const { turn, memberships: rooms, sink } = new RoomStage(engine);
  await engine.start(sink);
  const members = Array.from({ length: MEMBERS }, () => new FakeMember(turn));
  const stays = members.map((): Stay[] => []);
  const sent = members.map((): string[][] => ROOMS.map(() => []));
  const all: Said[] = [];
  const leave = (who: number, room?: RoomKey): void =>
    stays[who]
      ?.filter((stay) => stay.to === undefined && (!room || stay.room === room))
      .forEach((stay) => (stay.to = all.length));
  for (const { does, who, room } of steps) {
    const member = members[who] as FakeMember;
    const key = ROOMS[room] as RoomKey;
    if (does === 'turn') await checkPhases(1);
    else if (does === 'join') {
      if (!member.isOpen || stays[who]?.some((stay) => stay.room === key)) continue;
      await member.join(rooms, key);
      stays[who]?.push({ room: key, from: all.length });
    } else if (does === 'leave') {
      rooms.leave(member.asConnection, key);
      leave(who, key);
    } else if (does === 'close') {
      if (member.isOpen) member.close(rooms);
      leave(who);
    } else if (does === 'send') {
      if (!member.isOpen) continue;
      member.send(`direct ${all.length}`);
      for (const own of sent[who] ?? []) own.push(`direct ${all.length}`);
    } else {
      const said: Said = {
        n: all.length,
        room: key,
        except: does === 'say' ? undefined : member.id,
      };
      all.push(said);
      const body = `${room} ${said.n}`;
      const options = { publicationId: randomUUID(), except: said.except };
      void Promise.resolve(engine.publish(key, JSON.stringify({ event: body }), options)).then(
        (position) => (said.position = position),
      );
      for (const [index, other] of members.entries())
        if (
          stays[index]?.some((stay) => stay.room === key && stay.to === undefined) &&
          other.id !== said.except
        )
          sent[index]?.[room]?.push(body);
    }
  }
  await checkPhases(20 + steps.length * 8);
  await engine.stop();
  return { members, stays, sent, all };
}

const heard = (member: FakeMember, room: number, withDirect: boolean): string[] =>
  member.texts
    .map((text) => (text.startsWith('{') ? (JSON.parse(text) as { event: string }).event : text))
    .filter((text) => text.startsWith(`${room} `) || (withDirect && text.startsWith('direct')));

describe('What a member hears, per connection and room', () => {
  it('on the memory engine, is what a model says: all that was said while it was there, in order, among its own frames', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { members, sent } = await play(new MemoryEngine(), steps);
        for (const [index, member] of members.entries())
          for (const room of ROOMS.keys())
            expect(heard(member, room, true)).toEqual(sent[index]?.[room]);
      }),
      propertyRuns(60),
    );
  });

  it('on an engine with delays, is one piece of the one order: no gap, nothing twice, nothing from before or after', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(step, { maxLength: 40 }), async (seed, steps) => {
        const { members, stays, all, sent } = await play(new DelayedEngine(seed), steps);
        for (const [index, member] of members.entries()) {
          expect(member.texts.filter((text) => text.startsWith('direct'))).toEqual(
            sent[index]?.[0]?.filter((text) => text.startsWith('direct')),
          );
          for (const [room, key] of ROOMS.entries()) {
            const stay = stays[index]?.find((one) => one.room === key);
            const got = heard(member, room, false).map(
              (text) => all[Number(text.split(' ')[1])] as Said,
            );
            if (!stay) expect(got).toEqual([]);
            else
              check(
                got,
                stay,
                all.filter((said) => said.room === key && said.except !== member.id),
              );
          }
        }
      }),
      propertyRuns(40),
    );
  });
});

function check(got: readonly Said[], { from, to }: Stay, forIt: readonly Said[]): void {
  const numbers = got.map(({ n }) => n);
  // Publications of a room get their offsets in the order of the calls, so the order of the calls is the one order.
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect(new Set(got.map(({ position }) => position?.epoch)).size).toBeLessThanOrEqual(1);
  const last = to === undefined ? Infinity : (numbers.at(-1) ?? -1);
  const due = forIt
    .map(({ n }) => n)
    .filter((n) => n >= Math.min(from, numbers[0] ?? Infinity) && n <= last);
  expect(numbers).toEqual(due);
  if (to !== undefined) expect(numbers.every((n) => n < to)).toBe(true);
}
