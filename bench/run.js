// The bench tool: reads the command line, looks at the machine, measures, reports.
import { BARS } from './bars.js';
import { parseArguments, USAGE, UsageError } from './cli/arguments.js';
import { listing } from './cli/listing.js';
import {
  checkLoopback,
  checkOpenFiles,
  chooseAvailable,
  chooseRunnable,
  PreflightError,
} from './cli/preflight.js';
import { Progress } from './cli/progress.js';
import { killAllChildren } from './ipc/children.js';
import { compareBefore } from './report/before.js';
import { judge } from './report/check.js';
import { machineLine } from './report/machine.js';
import { terminalReport } from './report/terminal.js';
import { writeReport } from './report/write.js';
import { buildBefore } from './runner/before.js';
import { choosePinning } from './runner/cores.js';
import { measureBefore } from './runner/processes.js';
import { run, serversOf } from './runner/run.js';

const EXIT = { failed: 1, usage: 2, interrupted: 130 };

process.on('exit', killAllChildren);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => process.exit(EXIT.interrupted));
}

try {
  process.exitCode = await main();
} catch (error) {
  const expected = error instanceof UsageError || error instanceof PreflightError;
  console.error(expected ? error.message : error);
  process.exitCode = expected ? EXIT.usage : EXIT.failed;
}

async function main() {
  const { repetitions, wants, before, check, out, ...asked } = parseArguments(
    process.argv.slice(2),
  );
  if (asked.help) return print(USAGE);
  if (asked.list) return print(listing());
  checkOpenFiles(asked.jobs);
  await checkLoopback();
  if (before !== undefined) measureBefore(buildBefore(before));
  const { servers, notes } = chooseAvailable(asked.servers);
  const { jobs, notes: others } = chooseRunnable(asked.jobs);
  notes.push(...others);
  const pinning = choosePinning();
  notes.push(pinning.note);

  const turns = jobs.reduce((sum, job) => sum + serversOf(job, servers).length, 0) * repetitions;
  const progress = new Progress(turns, repetitions, process.stderr);
  const { results, failure } = await run({ jobs, servers, repetitions, wants, pinning }, progress);

  if (failure) notes.push('the run failed before its end: this is what was measured until then');
  const verdicts = judge(BARS, results, servers);
  const comparisons = compareBefore(jobs, results);
  const report = {
    jobs,
    servers,
    comparisons,
    results,
    repetitions,
    machine: machineLine(),
    notes,
    verdicts,
  };
  print(`${terminalReport(report)}\nreport: ${writeReport(report, out)}`);
  if (failure) throw failure;
  const held = [...verdicts.map(({ passed }) => passed), ...comparisons.map(({ holds }) => holds)];
  const holds = held.length > 0 && held.every(Boolean);
  return check && !holds ? EXIT.failed : 0;
}

/** @param {string} text */
function print(text) {
  console.log(text);
  return 0;
}
