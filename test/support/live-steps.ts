import fc from 'fast-check';
import { OTHER_ROOM, ROOM } from './live-room.js';

const SUBJECTS = ['alice', 'bob'];
export const ROOMS = [ROOM, OTHER_ROOM];

const number = fc.nat(5);
const subject = fc.constantFrom(...SUBJECTS);
const room = fc.constantFrom(...ROOMS);
const claims = fc.record({
  rooms: fc.constantFrom(ROOMS, ROOMS, [ROOM], [OTHER_ROOM], []),
  /** Seconds before now, and after. */
  age: fc.constantFrom(0, 0, 0, 10, -3),
  ttl: fc.constantFrom(10, 30, 600),
});
export const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('connect'), subject, room, claims }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('refresh'), number, claims }) },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('refresh as'), number, subject, claims }),
  },
  { weight: 5, arbitrary: fc.record({ does: fc.constant('say'), room }) },
  { weight: 5, arbitrary: fc.record({ does: fc.constant('answer about a token'), number }) },
  { weight: 7, arbitrary: fc.record({ does: fc.constant('answer about a room'), number }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('answer all') }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('ban', 'allow'), subject, room }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('reauthorize subject'), subject }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('reauthorize room'), room }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constantFrom('revoke subject', 'block', 'unblock'),
      subject,
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('revoke token'), number }) },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('pass'), seconds: fc.constantFrom(1, 6, 20, 40) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('set clock'), seconds: fc.constantFrom(-20, -3, 15) }),
  },
);
export type Step = {
  readonly does: string;
  readonly number: number;
  readonly subject: string;
  readonly room: string;
  readonly seconds: number;
  readonly claims: { rooms: string[]; age: number; ttl: number };
};

/** Who is there when it begins. */
export const BEGINNING = [0, 1, 2, 3].map((n) => ({
  does: 'connect',
  subject: SUBJECTS[n % 2],
  room: n === 3 ? OTHER_ROOM : ROOM,
  claims: { rooms: ROOMS, age: 0, ttl: [600, 30, 10, 600][n] },
}));
