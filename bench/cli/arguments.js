// The command line: what to run. Unknown words are errors, with the known ones listed.
import { parseArgs } from 'node:util';
import { JOBS } from '../jobs/index.js';
import { BEFORE, CONTROL, SERVERS } from '../servers/index.js';

const DEFAULT_REPETITIONS = 5;
const MAX_REPETITIONS = 50;

export const USAGE = `Measures nestjs-roomgate beside its peers: server CPU per unit of work.

  npm run bench -- [options]

  --job <names>      comma list, default all: ${JOBS.map(({ name }) => name).join(', ')}
  --server <names>   comma list, default all: ${Object.keys(SERVERS).join(', ')}
  --reps <number>    repetitions, default ${DEFAULT_REPETITIONS}; 9 for figures that are told to others
  --cell <pattern>   only cells whose name matches, for example "64 B"
  --before <rev>     with --server roomgate-before: the revision of git that it is built from
  --check            holds roomgate against its bars, and fails when one is missed
  --out <folder>     where the report goes, default bench/results/<time>
  --list             shows jobs with their cells, and servers
  --help`;

/** A mistake in the command line, to be told without a stack. */
export class UsageError extends Error {}

/**
 * @typedef {object} Arguments
 * @property {import('../jobs/job.types.js').Job[]} jobs
 * @property {string[]} servers
 * @property {number} repetitions
 * @property {(cell: string) => boolean} wants
 * @property {string | undefined} before
 * @property {boolean} check
 * @property {string | undefined} out
 * @property {boolean} list
 * @property {boolean} help
 */

/**
 * @param {string[]} words
 * @returns {Arguments}
 */
export function parseArguments(words) {
  const { job, server, reps, cell, ...rest } = parse(words);
  const jobNames = choose(
    'job',
    job,
    JOBS.map(({ name }) => name),
  );
  const jobs = JOBS.filter(({ name }) => jobNames.includes(name));
  const known = Object.keys(SERVERS).filter(
    (name) => name !== BEFORE || server !== undefined || rest.before,
  );
  const servers = withControls(choose('server', server, known), jobs);
  if (servers.includes(BEFORE) !== (rest.before !== undefined))
    throw new UsageError(`--before <rev> and --server ${BEFORE} need each other.`);
  const pattern = cell === undefined ? null : new RegExp(cell, 'i');
  return {
    jobs,
    servers,
    repetitions: repetitionsOf(reps),
    wants: (name) => pattern?.test(name) ?? true,
    before: rest.before,
    check: rest.check ?? false,
    out: rest.out,
    list: rest.list ?? false,
    help: rest.help ?? false,
  };
}

/** @param {string[]} words */
function parse(words) {
  const text = /** @type {const} */ ({ type: 'string' });
  const flag = /** @type {const} */ ({ type: 'boolean' });
  const options = {
    job: text,
    server: text,
    reps: text,
    cell: text,
    before: text,
    out: text,
    check: flag,
    list: flag,
    help: flag,
  };
  try {
    return parseArgs({ args: words, options, strict: true }).values;
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message);
  }
}

/**
 * @param {string} what
 * @param {string | undefined} list
 * @param {string[]} known
 * @returns {string[]} in the order in which they are known
 */
function choose(what, list, known) {
  if (list === undefined) return known;
  const wanted = list.split(',').map((name) => name.trim());
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(`There is no ${what} "${unknown[0]}". Known: ${known.join(', ')}.`);
  }
  return known.filter((name) => wanted.includes(name));
}

/**
 * Ratios need the controls.
 *
 * @param {string[]} servers
 * @param {import('../jobs/job.types.js').Job[]} jobs
 */
function withControls(servers, jobs) {
  return [...new Set([...servers, ...jobs.map(({ control = CONTROL }) => control)])];
}

/** @param {string | undefined} text */
function repetitionsOf(text) {
  const repetitions = text === undefined ? DEFAULT_REPETITIONS : Number(text);
  if (Number.isInteger(repetitions) && repetitions >= 1 && repetitions <= MAX_REPETITIONS) {
    return repetitions;
  }
  throw new UsageError(`--reps must be a whole number from 1 to ${MAX_REPETITIONS}.`);
}
