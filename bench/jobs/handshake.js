// Handshakes: TCP connection, upgrade, token check, 101 and hello; or the refusal and the close.
import { ALGORITHMS } from '../tokens/keys.js';
import { meanOfRounds } from './rounds.js';
import { ORDERLY, ROUND, warmUp } from './warm-up.js';

const ROUNDS = 4;
/**
 * Before the measured ones. The compilers are at work for the first ten thousand handshakes, and for some thousand refusals: until
 * then a server pays for how much code it has, once.
 */
const WARM_UP = { open: 12, refuse: 6 };
const KINDS = /** @type {const} */ (['distinct', 'same', 'rejected']);

/** Tokens of the measured rounds; those after them are for the rounds before. */
const MEASURED = ROUNDS * ROUND;

/** @type {import('./job.types.js').Job} */
export const handshake = {
  name: 'handshake',
  what:
    `${ROUNDS} rounds of ${ROUND} handshakes, ${ORDERLY.inFlight} in flight; tokens all distinct, ` +
    `all the same, or signed with a foreign key; "cold" is the first ${ROUND} of a process, with distinct tokens`,
  cells: ALGORITHMS.flatMap((algorithm) =>
    ['cold', ...KINDS].map((kind) => ({ name: `${algorithm} ${kind}`, unit: 'µs per handshake' })),
  ),
  sockets: ROUND,
  async measure(turn) {
    for (const algorithm of ALGORITHMS) {
      const cold = `${algorithm} cold`;
      const kinds = KINDS.filter((kind) => turn.wants(`${algorithm} ${kind}`));
      if (kinds.length === 0 && !turn.wants(cold)) continue;
      turn.note(cold);
      const trial = await turn.begin(algorithm);
      await trial.crowd({ tokens: 'distinct', count: ROUND, skip: MEASURED });
      turn.record(cold, await trial.measure('open', ORDERLY));
      await warmUp(trial, ['open'], {
        rounds: WARM_UP.open,
        tokens: 'distinct',
        skip: MEASURED,
      });
      for (const tokens of kinds) {
        turn.note(`${algorithm} ${tokens}`);
        turn.record(`${algorithm} ${tokens}`, await measureKind(trial, tokens));
      }
      await trial.end();
    }
  },
};

/**
 * @param {import('../runner/trial.js').Trial} trial
 * @param {import('../load/tokens.js').TokenKind} tokens
 */
async function measureKind(trial, tokens) {
  const task = tokens === 'rejected' ? 'refuse' : 'open';
  const rounds = task === 'refuse' ? WARM_UP.refuse : 1;
  await warmUp(trial, [task], { rounds, tokens, skip: MEASURED });
  return meanOfRounds(ROUNDS, async (round) => {
    await trial.crowd({ tokens, count: ROUND, skip: round * ROUND });
    return trial.measure(task, ORDERLY);
  });
}
