// A flood of broadcasts to a room in which some do not read: what that costs the server, and those who read.

const MEMBERS = 1000;
const NOT_READING = 100;
const BYTES = 8192;
const PER_SECOND = 45;
const FLOOD_MS = 30_000;
const SHORT_MS = 20_000;
const OPENING = { inFlight: 64, limitMs: 60_000 };
const SAMPLE_EVERY_MS = 250;
const SERVER = 'roomgate-flood';

/** @type {import('./soak.types.js').LongJob} */
export const flood = {
  name: 'flood',
  what: `${MEMBERS} members of one room, ${NOT_READING} of them not reading, ${PER_SECOND} broadcasts of ${BYTES} B per second`,
  sockets: MEMBERS,
  async measure({ begin, short, note }) {
    const ms = short ? SHORT_MS : FLOOD_MS;
    note('all of them read');
    const good = await measureOne(await begin(SERVER), ms, 0);
    note(`${NOT_READING} of them do not read`);
    const bad = await measureOne(await begin(SERVER), ms, NOT_READING);
    return [
      { name: 'RSS above idle, all read', value: good.rssMib, unit: 'MiB' },
      { name: 'RSS above idle', value: bad.rssMib, unit: 'MiB', atMost: 128 },
      { name: 'p99 delivery, all read', value: good.p99, unit: 'ms' },
      { name: 'p99 delivery', value: bad.p99, unit: 'ms' },
      { name: 'p99 to that when all read', value: bad.p99 / good.p99, unit: '×', atMost: 2 },
      { name: 'closed as slow', value: bad.closed, unit: `of ${NOT_READING}` },
    ];
  },
};

/**
 * @param {import('../runner/trial.js').Trial} trial
 * @param {number} ms
 * @param {number} notReading
 */
async function measureOne(trial, ms, notReading) {
  await trial.crowd({ tokens: 'distinct', count: MEMBERS, roomSize: MEMBERS });
  await trial.do('open', OPENING);
  const idle = await trial.memory();
  let peak = 0;
  const watch = setInterval(
    () => void trial.rss().then((rss) => (peak = Math.max(peak, rss))),
    SAMPLE_EVERY_MS,
  );
  try {
    const flooding = trial.step('flood', { ms, bytes: BYTES, perSecond: PER_SECOND });
    const listening = trial.do('latency', { ms, notReading, limitMs: ms + 30_000 });
    const [published, { p99, least }] = await Promise.all([flooding, listening]);
    if (least < published) throw new Error(`a reader got ${least} of ${published} publications`);
    const closed = MEMBERS - (await trial.step('open'));
    return { rssMib: (peak - idle.rss) / 1024 / 1024, p99, closed };
  } finally {
    clearInterval(watch);
    await trial.end();
  }
}
