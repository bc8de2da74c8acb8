// The process around every server: starts the one named, and answers for its CPU, memory and lag.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerQuestions } from '../ipc/answer.js';

const LAG_RESOLUTION_MS = 1;
const COLLECTIONS = 3;

const [file] = process.argv.slice(2);
const { start, steps } = await import(`./${file}.js`);
const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });

answerQuestions({
  start: (/** @type {import('./server.types.js').ServerOptions} */ options) => start(options),
  cpu: () => process.cpuUsage(),
  memory: memoryAfterCollection,
  rss: () => process.memoryUsage.rss(),
  step: (/** @type {{ name: string, options: any }} */ { name, options }) => steps[name](options),
  lagStart: () => {
    lag.reset();
    lag.enable();
  },
  lagStop: () => {
    lag.disable();
    // The monitor counts its own interval, so a loop that is never late shows about one millisecond.
    return Math.max(0, lag.max / 1e6 - LAG_RESOLUTION_MS);
  },
});

/** Collects with pauses: what finalisers free in one round is collected in the next. */
async function memoryAfterCollection() {
  const collect = globalThis.gc;
  if (!collect) throw new Error('start the server with --expose-gc');
  for (let round = 0; round < COLLECTIONS; round++) {
    collect();
    await sleep(60);
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heapUsed };
}
