import { runCommand } from './command.js';

/**
 * One thing a new user does, and the seconds its commands may take: `act` gets `run`, whose commands
 * are stopped then.
 */
export function step(name, seconds, act) {
  return { name, seconds, act };
}

// The commands run in process groups of their own, where the terminal's Ctrl-C does not reach them.
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => interrupted.abort(new Error(`stopped by ${signal}`)));
}

/** Runs the steps in order and says how they went; every step stands on those before it. */
export async function runSteps(title, steps, cleanUp) {
  let passed = 0;
  let failed = 0;
  try {
    for (const { name, seconds, act } of steps) {
      const started = performance.now();
      try {
        const signal = AbortSignal.any([AbortSignal.timeout(seconds * 1000), interrupted.signal]);
        await act((command, args, options) => runCommand(command, args, { ...options, signal }));
      } catch (error) {
        failed = 1;
        console.error(`FAIL ${name}\n${indent(error.message)}`);
        break;
      }
      passed++;
      console.log(`ok   ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    }
  } finally {
    await cleanUp();
  }
  const left = steps.length - passed - failed;
  console.log(`${title}: ${passed} passed, ${failed} failed${left > 0 ? `, ${left} not run` : ''}`);
  return failed;
}

/** Throws its words when the condition does not hold. */
export function assert(condition, words) {
  if (!condition) throw new Error(words);
}

function indent(text) {
  return String(text).replace(/^/gm, '     ');
}
