// The long runs: what load and time leave behind. Each has bars of its own and ends by itself.
import { parseArgs } from 'node:util';
import { checkLoopback, checkOpenFiles, chooseAvailable, PreflightError } from './cli/preflight.js';
import { killAllChildren } from './ipc/children.js';
import { choosePinning } from './runner/cores.js';
import { equip, equipAgain } from './runner/equipment.js';
import { Trial } from './runner/trial.js';
import { LONG_JOBS } from './soak/index.js';

const DEFAULT_MINUTES = 10;
const MAX_MINUTES = 24 * 60;
const EXIT = { missed: 1, usage: 2, interrupted: 130 };
const USAGE = `What load and time leave behind. After "npm run build":

  npm run bench:soak -- [names] [options]

  names              default all: ${LONG_JOBS.map(({ name }) => name).join(', ')}
  --minutes <number> how long the soak takes, default ${DEFAULT_MINUTES}
  --short            a tenth of everything, to see that it works
  --help

Exits with 1 when a bar is missed.`;

process.on('exit', killAllChildren);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => process.exit(EXIT.interrupted));
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof PreflightError ? error.message : error);
  process.exitCode = error instanceof PreflightError ? EXIT.usage : EXIT.missed;
}

async function main() {
  const { jobs, minutes, short, help } = wanted();
  if (help) return say(USAGE);
  checkOpenFiles(jobs);
  await checkLoopback();
  chooseAvailable(['roomgate']);
  let missed = 0;
  for (const job of jobs) {
    say(`${job.name}: ${job.what}`);
    for (const figure of await measure(job, minutes, short)) missed += tell(figure);
  }
  return missed > 0 ? EXIT.missed : 0;
}

/**
 * @param {import('./soak/soak.types.js').LongJob} job
 * @param {number} minutes
 * @param {boolean} short
 */
async function measure(job, minutes, short) {
  const equipment = await equip(choosePinning());
  try {
    return await job.measure({
      begin: (file, beside = equipment) => Trial.begin('roomgate', beside, 'HS256', file),
      another: () => equipAgain(equipment),
      minutes,
      short,
      note: (text) => process.stderr.write(`  ${job.name} · ${text}\n`),
    });
  } finally {
    killAllChildren();
  }
}

/**
 * @param {import('./soak/soak.types.js').Figure} figure
 * @returns {number} 1 when its bar is missed
 */
function tell({ name, value, unit, atMost }) {
  const figure = Number.isInteger(value) ? String(value) : value.toFixed(2);
  const isMissed = atMost !== undefined && !(value <= atMost);
  const bar = atMost === undefined ? '' : `  (at most ${atMost}: ${isMissed ? 'FAIL' : 'pass'})`;
  say(`  ${name.padEnd(28)} ${figure.padStart(10)} ${unit}${bar}`);
  return isMissed ? 1 : 0;
}

function wanted() {
  const text = /** @type {const} */ ({ type: 'string' });
  const flag = /** @type {const} */ ({ type: 'boolean' });
  const options = { minutes: text, short: flag, help: flag };
  const { values, positionals } = understand(() =>
    parseArgs({ options, allowPositionals: true, strict: true }),
  );
  const minutes = Number(values.minutes ?? DEFAULT_MINUTES);
  if (!(minutes > 0 && minutes <= MAX_MINUTES)) {
    throw new PreflightError(`--minutes must be a number up to ${MAX_MINUTES}.`);
  }
  const unknown = positionals.find((name) => !LONG_JOBS.some((job) => job.name === name));
  if (unknown !== undefined) throw new PreflightError(`There is no "${unknown}".\n\n${USAGE}`);
  const jobs = LONG_JOBS.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  return { jobs, minutes, short: values.short ?? false, help: values.help ?? false };
}

/**
 * @template T
 * @param {() => T} parse
 */
function understand(parse) {
  try {
    return parse();
  } catch (error) {
    throw new PreflightError(/** @type {Error} */ (error).message);
  }
}

/** @param {string} text */
function say(text) {
  console.log(text);
  return 0;
}
