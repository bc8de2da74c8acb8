/**
 * Why this exists: a test that starts a process, or writes a heap snapshot, fails after Jest's five seconds on a busy
 * machine. Whoever imports what does that has to import test/support/process-budget.ts, too.
 */
import { filesBelow, importsOf, parse, report } from './common.js';

const SLOW = /^(node:)?(child_process|worker_threads)$/;
const BUDGET = /\/process-budget\.js$/;

const files = [...filesBelow('test', '.ts'), ...filesBelow('examples', '.spec.ts')].filter(
  (file) => !file.startsWith('test/support/child/'),
);
const problems = files.flatMap((file) => {
  const loaded = importsOf(parse(file)).filter(({ typeOnly }) => !typeOnly);
  const slow = loaded.find(({ to }) => SLOW.test(to));
  const writesSnapshot = /writeHeapSnapshot|getHeapSnapshot/.test(parse(file).text);
  if ((!slow && !writesSnapshot) || loaded.some(({ to }) => BUDGET.test(to))) return [];
  return [`${slow?.where ?? file}: needs \`import '…/support/process-budget.js'\``];
});
report(`${files.length} test files, those that start processes have time for it`, problems);
