// A flood of broadcasts to a room in which some do not read: what that costs the server, and those who read.
import { setTimeout as sleep } from 'node:timers/promises';
import { summarise } from '../report/statistics.js';

const MEMBERS = 1000;
/** One of so many does not read, all over the room. */
const EVERY = 10;
const NOT_READING = MEMBERS / EVERY;
/** What one that does not read may have waiting (1 MiB) has come after four and a half seconds. */
const FLOOD = { ms: 6_000, bytes: 8192, perSecond: 30, every: EVERY };
const ROUNDS = 5;
const OPENING = { inFlight: 64, limitMs: 60_000 };
/** However late the last ones are. */
const LISTENING_MS = FLOOD.ms + 30_000;
const SAMPLE_EVERY_MS = 100;
/** The connections of the phase before are gone by then. */
const SETTLE_MS = 1_000;
/** With one server in each: those who do not read are closed (the default), or stay and lose the oldest. */
const POLICIES = { close: 'roomgate-flood', 'drop-oldest': 'roomgate-flood-drop' };

/** @type {import('./soak.types.js').LongJob} */
export const flood = {
  name: 'flood',
  what: `${MEMBERS} members of one room, ${FLOOD.perSecond} broadcasts of ${FLOOD.bytes} B per second, in turn with ${NOT_READING} that do not read and without`,
  sockets: MEMBERS,
  async measure({ begin, short, note }) {
    const figures = [];
    for (const [policy, server] of Object.entries(POLICIES)) {
      const trial = await begin(server);
      const inTurn = await alternate(trial, short ? 1 : ROUNDS, (text) =>
        note(`${policy}: ${text}`),
      );
      await trial.end();
      figures.push(
        ...figuresOf(inTurn).map((figure) => ({ ...figure, name: `${policy}: ${figure.name}` })),
      );
    }
    return figures;
  },
};

/** @typedef {{ p99: number, rss: number, busy: number, filled: number, closed: number }} Phase  ms, bytes, share of a core, members */

/**
 * @param {import('./soak.types.js').Trial} trial
 * @param {number} rounds
 * @param {(text: string) => void} note
 */
async function alternate(trial, rounds, note) {
  await trial.crowd({ tokens: 'distinct', count: MEMBERS, roomSize: MEMBERS });
  await trial.do('open', OPENING);
  const idle = (await trial.memory()).rss;
  // The compilers'.
  await phase(trial, false);
  /** @type {Phase[]} */
  const without = [];
  /** @type {Phase[]} */
  const withSilent = [];
  for (let round = 0; round < rounds; round++) {
    const all = await phase(trial, false);
    const some = await phase(trial, true);
    without.push(all);
    withSilent.push(some);
    note(
      `round ${round + 1} of ${rounds}: p99 ${all.p99.toFixed(1)} ms, ${some.p99.toFixed(1)} ms with some that do not read`,
    );
  }
  return { idle, without, withSilent };
}

/**
 * Everybody comes anew each time, so that those who do not read are the same places in the room.
 *
 * @param {import('./soak.types.js').Trial} trial
 * @param {boolean} isSilent
 * @returns {Promise<Phase>}
 */
async function phase(trial, isSilent) {
  await trial.crowd({ tokens: 'distinct', count: MEMBERS, roomSize: MEMBERS });
  await sleep(SETTLE_MS);
  await trial.do('open', OPENING);
  let rss = 0;
  const sample = () => void trial.rss().then((now) => (rss = Math.max(rss, now)));
  const watch = setInterval(sample, SAMPLE_EVERY_MS);
  try {
    if (isSilent) {
      await trial.do('pause', { every: EVERY });
      await trial.step('fill', { every: EVERY });
    }
    const published = Math.floor((FLOOD.ms / 1000) * FLOOD.perSecond);
    const listening = trial.do('latency', { published, every: EVERY, limitMs: LISTENING_MS });
    // Told when it is waited for.
    listening.catch(() => {});
    // Questions are taken in order: everybody listens when this one is answered.
    await trial.do('cpu');
    const [{ filled, closed }, { p99 }, busy] = await Promise.all([
      trial.step('flood', FLOOD),
      listening,
      trial.cpuShare(FLOOD.ms),
    ]);
    return { p99, rss, busy, filled, closed };
  } finally {
    clearInterval(watch);
  }
}

/**
 * @param {{ idle: number, without: Phase[], withSilent: Phase[] }} inTurn
 * @returns {import('./soak.types.js').Figure[]}
 */
function figuresOf({ idle, without, withSilent }) {
  const aboveIdle = (/** @type {Phase[]} */ phases) =>
    (Math.max(...phases.map(({ rss }) => rss)) - idle) / 1024 / 1024;
  const ratios = withSilent.map(({ p99 }, round) => p99 / without[round].p99);
  const unfilled = Math.max(...withSilent.map(({ filled }) => NOT_READING - filled));
  return [
    {
      name: 'core in use',
      value: median(without.map(({ busy }) => busy * 100)),
      unit: '%',
      atMost: 70,
    },
    { name: 'RSS above idle, all read', value: aboveIdle(without), unit: 'MiB' },
    { name: 'RSS above idle', value: aboveIdle(withSilent), unit: 'MiB', atMost: 128 },
    { name: 'p99, all read', value: median(without.map(({ p99 }) => p99)), unit: 'ms' },
    { name: 'p99', value: median(withSilent.map(({ p99 }) => p99)), unit: 'ms' },
    { name: 'p99 to that, by round', value: median(ratios), unit: '×', atMost: 2 },
    { name: 'outboxes never full', value: unfilled, unit: `of ${NOT_READING}`, atMost: 0 },
    { name: 'closed as slow', value: withSilent[0].closed, unit: `of ${NOT_READING}` },
  ];
}

/** @param {number[]} values */
const median = (values) => summarise(values)?.median ?? NaN;
