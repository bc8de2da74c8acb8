// Sockets of one address that stall in every way there is, while clients of another address come in.
import { FIRST_HELD } from '../servers/roomgate-stalled.js';

const STALLED = 5_000;
/** 5 % of the upgrades that may wait. */
const MOST_HELD = 50;
/** Sockets with a whole request, whose verdict is held open: twice as many as may wait; the others are answered 429. */
const WHOLE = 2 * MOST_HELD;
const ATTACKER = '127.0.0.2';
const CLIENT = '127.0.0.9';
const KNOCKS = 200;
const LIMIT_MS = 60_000;
/** In twenty seconds each stalled socket is timed out and replaced about twice. */
const KNOCK_EVERY_MS = 100;
const SHORT_EVERY_MS = 50;
const SAMPLE_EVERY_MS = 250;

/** @type {import('./soak.types.js').LongJob} */
export const stalled = {
  name: 'stalled',
  what: `${STALLED} stalled sockets of one address, and ${KNOCKS} clients of another that want to come in`,
  sockets: STALLED + WHOLE,
  async measure({ begin, another, short, note }) {
    const trial = await begin('roomgate-stalled');
    const client = trial.through(await another());
    const knocks = {
      from: CLIENT,
      everyMs: short ? SHORT_EVERY_MS : KNOCK_EVERY_MS,
      limitMs: LIMIT_MS,
    };
    await client.crowd({ tokens: 'distinct', count: KNOCKS });
    // Once for the compilers.
    await client.do('knock', knocks);
    note('nobody stalls');
    const alone = await client.do('knock', knocks);
    note(`opening ${STALLED} sockets that stall`);
    await trial.crowd({ tokens: 'distinct', count: WHOLE, skip: FIRST_HELD });
    const count = STALLED + WHOLE - MOST_HELD;
    await trial.do('stall', { from: ATTACKER, count, limitMs: LIMIT_MS });
    note('they stall');
    let least = STALLED;
    let mostHeld = 0;
    const sample = async () => {
      const { open, held } = await trial.do('stalled');
      least = Math.min(least, open);
      mostHeld = Math.max(mostHeld, held);
    };
    const watch = setInterval(() => void sample(), SAMPLE_EVERY_MS);
    try {
      const { result: beside, lagMs } = await trial.withLag(() => client.do('knock', knocks));
      const { answers } = await trial.do('stalled');
      note(`answers to who stalls, by status: ${JSON.stringify(answers)}`);
      return [
        { name: 'stalled at least', value: least, unit: 'sockets' },
        { name: 'verdicts held at once', value: mostHeld, unit: '', atMost: MOST_HELD },
        { name: 'max, nobody stalls', value: alone.max, unit: 'ms' },
        { name: 'longest event-loop lag', value: lagMs, unit: 'ms' },
        { name: 'p50', value: beside.p50, unit: 'ms' },
        { name: 'p99', value: beside.p99, unit: 'ms' },
        { name: 'max', value: beside.max, unit: 'ms', atMost: 200 },
      ];
    } finally {
      clearInterval(watch);
      await client.do('drop');
      await trial.end();
    }
  },
};
