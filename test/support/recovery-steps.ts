import fc from 'fast-check';
import { OTHER_ROOM, ROOM } from './live-room.js';

export const ROOMS = [ROOM, OTHER_ROOM];
export const READERS = ['ann', 'bob', 'cem'];

const who = fc.nat(READERS.length - 1);
const room = fc.constantFrom(...ROOMS);
const withPosition = fc.constantFrom(true, true, true, false);
const ttl = fc.constantFrom(600, 600, 60, 20);

const bytes = fc.oneof(fc.constant(0), fc.nat(400), fc.nat(30_000));
/** How many turns pass until the next step. */
const turns = fc.constantFrom(0, 1, 2, 8, 8);

const one = (
  weight: number,
  does: string,
  more: Record<string, fc.Arbitrary<unknown>>,
): fc.WeightedArbitrary<object> => ({
  weight,
  arbitrary: fc.record({ does: fc.constant(does), ...more, turns }),
});

/** What clients do and what happens to the server; every step is one that may be left out. */
export const step = fc.oneof(
  one(4, 'connect', { who, room, withPosition, ttl }),
  one(10, 'come back', {
    who,
    room,
    withPosition,
    ttl,
    count: bytes,
    size: fc.constantFrom(1, 300, 9_000),
  }),
  one(5, 'join', { who, room, withPosition }),
  one(2, 'leave', { who, room }),
  one(12, 'say', {
    room,
    count: fc.integer({ min: 1, max: 4 }),
    size: fc.constantFrom(1, 1, 1, 9_000),
  }),
  one(4, 'say to others', {
    who,
    room,
    count: fc.integer({ min: 1, max: 2 }),
    size: fc.constant(1),
  }),
  one(2, 'cut', { who, count: bytes }),
  one(1, 'close', { who }),
  one(2, 'stall', { who }),
  one(3, 'go on', { who }),
  one(3, 'refresh', { who, ttl }),
  one(4, 'refresh late', { who, room, count: fc.nat(3), size: fc.constantFrom(1, 9_000) }),
  one(3, 'pass', { seconds: fc.constantFrom(1, 6, 20, 31) }),
  one(1, 'ban', { who, room }),
  one(2, 'allow', { who, room }),
  one(1, 'past', { who, room, right: fc.constantFrom('all', 'none', 'from now') }),
  one(2, 'lose', { room }),
  one(3, 'heal', { room }),
  one(1, 'forget', { room }),
  one(1, 'break reads', {
    faults: fc.array(fc.constantFrom('fail', 'hang'), { minLength: 1, maxLength: 2 }),
  }),
) as fc.Arbitrary<Step>;

export interface Step {
  readonly does: string;
  readonly turns: number;
  readonly who: number;
  readonly room: string;
  readonly withPosition: boolean;
  readonly ttl: number;
  readonly count: number;
  readonly size: number;
  readonly seconds: number;
  readonly right: 'all' | 'none' | 'from now';
  readonly faults: ('fail' | 'hang')[];
}

/** Who is there when it begins. */
export const BEGINNING = READERS.map((_, who) => ({
  does: 'connect',
  turns: 8,
  who,
  room: ROOM,
  withPosition: false,
  ttl: [600, 60, 20][who],
})) as Step[];
