/**
 * Why this exists: starting Node, Python or Redis takes seconds on a busy machine, and a heap snapshot too, so Jest's
 * five seconds are too short for a test that does. What starts a process imports this file, and with it every spec
 * that uses it has this time. tools/check-tests.js looks for those that do not.
 */
export const PROCESS_BUDGET_MS = 60_000;

// Outside of Jest, in a process that a test started, there is nothing to set.
import.meta.jest?.setTimeout(PROCESS_BUDGET_MS);
