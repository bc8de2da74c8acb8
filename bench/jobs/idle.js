// Idle memory: what one connection costs that says nothing, after a collection.

const OPENING = { inFlight: 64, limitMs: 60_000 };
/** Few: memory that they leave behind is used again by those that are measured. */
const WARM_UP = 100;
const SIZES = [1000, 10_000];

/** @param {number} count */
const rssCell = (count) => `RSS at ${count}`;
/** @param {number} count */
const heapCell = (count) => `JS heap at ${count}`;

/** @type {import('./job.types.js').Job} */
export const idle = {
  name: 'idle',
  what: 'memory above the same process before, after a forced collection',
  cells: SIZES.flatMap((count) => [
    { name: rssCell(count), unit: 'KiB per connection' },
    { name: heapCell(count), unit: 'KiB per connection' },
  ]),
  sockets: Math.max(...SIZES),
  async measure(turn) {
    for (const count of SIZES) {
      if (!turn.wants(rssCell(count)) && !turn.wants(heapCell(count))) continue;
      turn.note(rssCell(count));
      const trial = await turn.begin('HS256');
      // What is allocated once, on first use, is not the price of a connection.
      await trial.crowd({ tokens: 'distinct', count: WARM_UP, skip: count });
      await trial.do('open', OPENING);
      await trial.do('drop');
      const before = await trial.memory();
      await trial.crowd({ tokens: 'distinct', count });
      await trial.do('open', OPENING);
      const after = await trial.memory();
      turn.record(rssCell(count), { value: (after.rss - before.rss) / 1024 / count });
      turn.record(heapCell(count), { value: (after.heapUsed - before.heapUsed) / 1024 / count });
      await trial.end();
    }
  },
};
