// Broadcast: the price of one delivery to one member of a room.

const BYTES = 128;
const OPENING = { inFlight: 64, limitMs: 60_000 };
const LIMITS = { softMs: 2000, limitMs: 60_000 };
const WARM_UP_SHARE = 0.15;

const CELLS = [10, 100, 1000, 5000].flatMap((members) =>
  [
    { members, inFlight: 1, units: Math.max(40_000, members * 12) },
    { members, inFlight: 10, units: Math.max(100_000, members * 40) },
  ].map((cell) => ({ ...cell, name: `${members} members, ${cell.inFlight} in flight` })),
);

/** @type {import('./job.types.js').Job} */
export const broadcast = {
  name: 'broadcast',
  what: `one room, one member sends ${BYTES} B, and again when every member has it`,
  cells: CELLS.map(({ name }) => ({ name, unit: 'µs per delivery' })),
  sockets: 5000,
  async measure(turn) {
    for (const members of new Set(CELLS.map((cell) => cell.members))) {
      const cells = CELLS.filter((cell) => cell.members === members && turn.wants(cell.name));
      if (cells.length === 0) continue;
      const trial = await turn.begin('HS256');
      await trial.crowd({ tokens: 'distinct', count: members, roomSize: members });
      await trial.do('open', OPENING);
      for (const { name, inFlight, units } of cells) {
        turn.note(name);
        const traffic = { bytes: BYTES, inFlight, ...LIMITS };
        await trial.do('probeBroadcast', { bytes: BYTES });
        await trial.do('broadcast', { ...traffic, units: units * WARM_UP_SHARE });
        turn.record(name, await trial.measure('broadcast', { ...traffic, units }));
      }
      await trial.end();
    }
  },
};
