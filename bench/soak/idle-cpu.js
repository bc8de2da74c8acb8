// Idle connections: the share of a core that they cost while nobody says anything.

const CONNECTIONS = 10_000;
const OPENING = { inFlight: 64, limitMs: 60_000 };
const WATCHED_MS = 60_000;
const SHORT_MS = 10_000;
/** The last sockets' handshakes, and the collections after them, are over by then. */
const REST_MS = 3_000;

/** @type {import('./soak.types.js').LongJob} */
export const idleCpu = {
  name: 'idle-cpu',
  what: `${CONNECTIONS} connections that say nothing, watched for ${WATCHED_MS / 1000} s`,
  sockets: CONNECTIONS,
  async measure({ begin, short, note }) {
    const trial = await begin();
    note(`opening ${CONNECTIONS} connections`);
    await trial.crowd({ tokens: 'distinct', count: CONNECTIONS });
    await trial.do('open', OPENING);
    await trial.memory();
    await trial.cpuShare(REST_MS);
    const watchedMs = short ? SHORT_MS : WATCHED_MS;
    note(`watching for ${watchedMs / 1000} s`);
    const share = await trial.cpuShare(watchedMs);
    await trial.end();
    return [{ name: 'share of a core', value: share * 100, unit: '%', atMost: 1 }];
  },
};
