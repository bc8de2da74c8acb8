// The soak: everything that happens to a server, for as long as it is told. What is left of it is the heap.

const MEMBERS = 500;
const OPENING = { inFlight: 32, limitMs: 60_000 };
const PIECE_MS = 5_000;
const KICK_EVERY_MS = 200;
const SHORT_MINUTES = 1;
const SERVER = 'roomgate-soak';

/** @type {import('./soak.types.js').LongJob} */
export const soak = {
  name: 'soak',
  what: `${MEMBERS} connections that come, speak, refresh, are kicked and go`,
  sockets: MEMBERS,
  async measure({ begin, short, minutes, note }) {
    const totalMs = (short ? SHORT_MINUTES : minutes) * 60_000;
    // The first minute of ten: caches fill, the engine compiles.
    const firstMs = Math.max(PIECE_MS, Math.min(60_000, totalMs / 2));
    const trial = await begin(SERVER);
    await trial.crowd({ tokens: 'distinct', count: MEMBERS });
    await trial.do('open', OPENING);
    const counts = new Counts();
    /** @type {number[]} after a forced collection, at the end of the beginning and every minute from then on */
    const heaps = [];
    while (counts.ms < totalMs) {
      await piece(trial, counts);
      note(`${counts.ms / 1000} of ${totalMs / 1000} s · ${counts}`);
      const isDue = counts.ms >= firstMs + heaps.length * 60_000 || counts.ms >= totalMs;
      if (isDue) heaps.push((await trial.memory()).heapUsed);
    }
    await trial.end();
    if (counts.errors.length > 0) note(`unexplained: ${counts.errors.slice(0, 5).join(' | ')}`);
    const [first, last] = [heaps[0], /** @type {number} */ (heaps.at(-1))];
    note(`heap by minute: ${heaps.map((heap) => (heap / 1024 / 1024).toFixed(2)).join(', ')} MiB`);
    return [
      ...Object.entries(counts.done).map(([name, value]) => ({ name, value, unit: '' })),
      { name: 'heap after the beginning', value: first / 1024 / 1024, unit: 'MiB' },
      { name: 'heap at the end', value: last / 1024 / 1024, unit: 'MiB' },
      { name: 'heap grown by', value: (last / first - 1) * 100, unit: '%', atMost: 5 },
      { name: 'errors unexplained', value: counts.errors.length, unit: '', atMost: 0 },
    ];
  },
};

class Counts {
  ms = 0;
  /** @type {Record<string, number>} */
  done = {};
  /** @type {string[]} */
  errors = [];

  /** @param {{ done: Record<string, number>, errors: string[] }} more */
  add({ done, errors }) {
    this.ms += PIECE_MS;
    for (const [name, count] of Object.entries(done)) {
      this.done[name] = (this.done[name] ?? 0) + count;
    }
    this.errors.push(...errors);
  }

  toString() {
    const done = Object.entries(this.done).map(([name, count]) => `${count} ${name}`);
    return [...done, `${this.errors.length} errors`].join(', ');
  }
}

/**
 * @param {import('../runner/trial.js').Trial} trial
 * @param {Counts} counts
 */
async function piece(trial, counts) {
  const kicking = setInterval(
    () => void trial.step('kick').catch((error) => counts.errors.push(String(error))),
    KICK_EVERY_MS,
  );
  try {
    counts.add(await trial.do('soak', { ms: PIECE_MS, limitMs: PIECE_MS + 30_000 }));
  } finally {
    clearInterval(kicking);
  }
}
