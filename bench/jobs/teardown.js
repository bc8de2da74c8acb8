// Teardown: the close handshake and everything that is let go of after it.
import { meanOfRounds } from './rounds.js';
import { ORDERLY, ROUND, warmUp } from './warm-up.js';

const ROUNDS = 4;
const CELL = 'close handshake';

/** @type {import('./job.types.js').Job} */
export const teardown = {
  name: 'teardown',
  what: `${ROUNDS} rounds of ${ROUND} connections closed by their clients, ${ORDERLY.inFlight} in flight`,
  cells: [{ name: CELL, unit: 'µs per connection' }],
  sockets: ROUND,
  async measure(turn) {
    turn.note(CELL);
    const trial = await turn.begin('HS256');
    await warmUp(trial, ['open', 'close'], { rounds: 3, tokens: 'distinct', skip: ROUND });
    const sample = await meanOfRounds(ROUNDS, async () => {
      await trial.crowd({ tokens: 'distinct', count: ROUND });
      await trial.do('open', ORDERLY);
      return trial.measure('close', ORDERLY);
    });
    turn.record(CELL, sample);
    await trial.end();
  },
};
