// A reconnect storm: thousands of handshakes at once, and how long the event loop hears nobody.
import { meanOfRounds } from './rounds.js';
import { warmUp } from './warm-up.js';

const COUNT = 4000;
const STORMS = 3;
const ALL_AT_ONCE = { inFlight: COUNT, limitMs: 60_000 };
const LAG = 'longest event-loop lag';
const CPU = 'ES256 handshake';

/** @type {import('./job.types.js').Job} */
export const storm = {
  name: 'storm',
  what: `${COUNT} ES256 handshakes begun at once, the mean of ${STORMS} storms; the kernel's accept queue lets them in by the hundred`,
  cells: [
    { name: LAG, unit: 'ms' },
    { name: CPU, unit: 'µs per handshake' },
  ],
  sockets: COUNT,
  async measure(turn) {
    turn.note(LAG);
    const trial = await turn.begin('ES256');
    await warmUp(trial, ['open'], { rounds: 4, tokens: 'distinct', skip: COUNT });
    // How many the kernel lets in at a time is chance, so one storm says little.
    const sample = await meanOfRounds(STORMS, async () => {
      await trial.crowd({ tokens: 'distinct', count: COUNT });
      return trial.measureWithLag('open', ALL_AT_ONCE);
    });
    turn.record(LAG, { value: sample.lagMs });
    turn.record(CPU, sample);
    await trial.end();
  },
};
