// Idle connections: the share of a core that they cost while nobody says anything, beside bare ws that pings as often.

const CONNECTIONS = 10_000;
const OPENING = { inFlight: 64, limitMs: 60_000 };
const WATCHED_MS = 60_000;
const SHORT_MS = 10_000;
/**
 * Everybody has been pinged twice by then: the first round is the compilers', and what opening has left behind is collected a
 * while after it, which takes as much as half a minute of pings.
 */
const REST_MS = 60_000;

/** @type {import('./soak.types.js').LongJob} */
export const idleCpu = {
  name: 'idle-cpu',
  what: `${CONNECTIONS} connections that say nothing, watched for ${WATCHED_MS / 1000} s, and as many of bare ws with the same pings`,
  sockets: CONNECTIONS,
  async measure({ begin, another, short, note }) {
    const trial = await begin();
    const control = await begin('ws-heartbeat', await another());
    for (const each of [trial, control]) {
      note(`opening ${CONNECTIONS} connections`);
      await each.crowd({ tokens: 'distinct', count: CONNECTIONS });
      await each.do('open', OPENING);
    }
    const watchedMs = short ? SHORT_MS : WATCHED_MS;
    note(`watching for ${watchedMs / 1000} s, ${REST_MS / 1000} s from now`);
    // No collection is forced: it would shrink the engine's young space, and idle connections would pay for it.
    await Promise.all([trial, control].map((each) => each.do('rest', { ms: REST_MS })));
    // Both at the same time, so that what else the machine does falls on both alike.
    const [share, ofControl] = await Promise.all([
      trial.cpuShare(watchedMs),
      control.cpuShare(watchedMs),
    ]);
    await control.end();
    await trial.end();
    return [
      { name: 'share of a core', value: share * 100, unit: '%', atMost: 1 },
      { name: 'the same of bare ws', value: ofControl * 100, unit: '%' },
      { name: 'above bare ws', value: (share - ofControl) * 100, unit: '%' },
    ];
  },
};
