// Churn: connections that come and go by the thousand, half of them with a close, half with a reset.

const ROUND = 1000;
const ROUNDS = 100;
const SHORT_ROUNDS = 10;
const WARM_UP_ROUNDS = 4;
const ORDERLY = { inFlight: 32, limitMs: 60_000 };

/** @type {import('./soak.types.js').LongJob} */
export const churn = {
  name: 'churn',
  what: `${ROUNDS * ROUND} connect/disconnect cycles, ${ROUND} connections at a time`,
  sockets: ROUND,
  async measure({ begin, short, note }) {
    const rounds = short ? SHORT_ROUNDS : ROUNDS;
    const trial = await begin();
    const begun = performance.now();
    for (let round = 0; round < WARM_UP_ROUNDS; round++) await cycle(trial, round);
    const before = await trial.memory();
    for (let round = 0; round < rounds; round++) {
      if (round % 10 === 0) note(`${round * ROUND} of ${rounds * ROUND} cycles`);
      await cycle(trial, round);
    }
    const after = await trial.memory();
    const perSecond = ((WARM_UP_ROUNDS + rounds) * ROUND * 1000) / (performance.now() - begun);
    await trial.end();
    return [
      { name: 'cycles', value: rounds * ROUND, unit: '' },
      { name: 'cycles per second', value: perSecond, unit: '' },
      { name: 'heap before', value: mib(before.heapUsed), unit: 'MiB' },
      { name: 'heap after', value: mib(after.heapUsed), unit: 'MiB' },
      {
        name: 'heap grown by',
        value: mib(after.heapUsed - before.heapUsed),
        unit: 'MiB',
        atMost: 2,
      },
    ];
  },
};

/**
 * @param {import('../runner/trial.js').Trial} trial
 * @param {number} round
 */
async function cycle(trial, round) {
  await trial.crowd({ tokens: 'distinct', count: ROUND });
  await trial.do('open', ORDERLY);
  if (round % 2 === 0) await trial.do('close', ORDERLY);
  else await trial.do('drop');
}

/** @param {number} bytes */
const mib = (bytes) => bytes / 1024 / 1024;
