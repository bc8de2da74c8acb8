// What a job is. Types only.

/**
 * @typedef {object} Cell  one line of results per server
 * @property {string} name
 * @property {string} unit
 */

/**
 * One job of one server in one repetition.
 *
 * @typedef {object} Turn
 * @property {(algorithm: import('../tokens/keys.js').Algorithm, file?: string) => Promise<import('../runner/trial.js').Trial>} begin  a fresh server, from another file if named
 * @property {(file: string, choice: { nodes: number, options: object }) => Promise<import('../runner/redis-trial.js').RedisTrial>} beginNodes  nodes around a Redis of their own
 * @property {(algorithm: import('../tokens/keys.js').Algorithm) => import('../servers/server.types.js').ServerOptions} optionsOf  what such nodes need to know tokens
 * @property {import('../ipc/ask.js').AskedProcess} load  the load generator, for such nodes
 * @property {string} server  whose turn it is
 * @property {(cell: string) => boolean} wants  whether the cell was asked for
 * @property {(cell: string, sample: import('../runner/trial.js').Sample) => void} record
 * @property {(cell: string) => void} note  shows what is going on
 */

/**
 * @typedef {object} Job
 * @property {string} name
 * @property {string} what
 * @property {Cell[]} cells
 * @property {number} sockets  the most that a process has open at once
 * @property {string[]} [servers]  only these, when the job says nothing about others
 * @property {string} [control]  what ratios refer to, unless it is bare ws
 * @property {string} [program]  that has to be installed
 * @property {(turn: Turn) => Promise<void>} measure
 */

export {};
