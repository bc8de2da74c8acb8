// Inner steps of ours that have a bar of their own. No peer has them, so there is no ratio.

const STEP_SERVER = 'roomgate-micro';

/**
 * @param {string} name  of the job and of the step
 * @param {string} cell
 * @param {string} what
 * @returns {import('./job.types.js').Job}
 */
function microJob(name, cell, what) {
  return {
    name,
    what,
    cells: [{ name: cell, unit: 'µs' }],
    sockets: 1,
    servers: ['roomgate'],
    async measure(turn) {
      turn.note(cell);
      const trial = await turn.begin('HS256', STEP_SERVER);
      await trial.crowd({ tokens: 'distinct', count: 1 });
      await trial.do('open', { inFlight: 1, limitMs: 10_000 });
      // The step is then repeated on the context of this message.
      await trial.do('probeEcho', { bytes: 64 });
      turn.record(cell, { value: await trial.step(name) });
      await trial.end();
    },
  };
}

export const guard = microJob(
  'guard',
  'ClaimsGuard.canActivate',
  'the guard itself, repeated on the context of one message',
);

export const live = microJob(
  'live',
  'connection.isLive',
  'the check that every hand-over of bytes makes, repeated on one connection',
);
