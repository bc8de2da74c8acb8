// Opening and closing connections before anything is measured. They touch so much code that the
// compilers are busy for thousands of them, in which one costs three times as much: servers are
// measured as they run for the rest of their life.

/** Connections in a round. */
export const ROUND = 1000;

/** How connections are opened and closed wherever the number in flight is not what is measured. */
export const ORDERLY = { inFlight: 32, limitMs: 60_000 };

/**
 * @param {import('../runner/trial.js').Trial} trial
 * @param {string[]} tasks  done in each round
 * @param {{ rounds: number, tokens: import('../load/tokens.js').TokenKind, skip: number }} choice  skip the tokens that are measured afterwards
 */
export async function warmUp(trial, tasks, { rounds, tokens, skip }) {
  for (let round = 0; round < rounds; round++) {
    await trial.crowd({ tokens, skip, count: ROUND });
    for (const task of tasks) await trial.do(task, ORDERLY);
  }
  await trial.do('drop');
}
