// What a long run is. Types only.

/** @typedef {import('../runner/trial.js').Trial} Trial */

/**
 * @typedef {object} Figure
 * @property {string} name
 * @property {number} value
 * @property {string} unit
 * @property {number} [atMost]  the bar, if there is one
 */

/**
 * @typedef {object} LongRun  what a job gets
 * @property {(file?: string, beside?: import('../runner/equipment.js').Equipment) => Promise<Trial>} begin  a fresh server, of ours unless the file is another's
 * @property {() => Promise<import('../runner/equipment.js').Equipment>} another  a load generator beside the usual one
 * @property {boolean} short  a tenth of the count or the time, to see that it works
 * @property {number} minutes  of the soak
 * @property {(text: string) => void} note  shows how far it is
 */

/**
 * @typedef {object} LongJob
 * @property {string} name
 * @property {string} what
 * @property {number} sockets  the most that a process has open at once
 * @property {(run: LongRun) => Promise<Figure[]>} measure
 */

export {};
