/**
 * Why this exists: Jest loads Nest and our sources anew for each of some 300 spec files, which took a third of a run.
 * Here a worker keeps one realm, and in it one module registry (kept-runtime.cjs), for all spec files that it runs.
 * Packages and src are loaded once a worker. Spec files, test/support and examples are loaded anew for each spec file.
 * So a spec has to undo what it changes in src, in a package or in a global.
 *
 * With coverage, and while Jest watches for edits, each spec file has a realm of its own, as Jest does by itself.
 */
const { TestEnvironment } = require('jest-environment-node');

/** Where `jest.setTimeout` leaves its number, and jest-circus its listeners. */
const OF_ONE_FILE = [Symbol.for('TEST_TIMEOUT_SYMBOL'), Symbol.for('EVENT_HANDLERS')];

class KeptEnvironment extends TestEnvironment {
  /** Undoes what Jest did for one spec file; the realm stays. @override */
  async teardown() {
    this.fakeTimersModern?.useRealTimers();
    this.global.process.exit = (code) => process.exit(code); // Jest wraps it for each file.
    for (const symbol of OF_ONE_FILE) Reflect.deleteProperty(this.global, symbol);
  }
}

/** @type {KeptEnvironment | undefined} */
let kept;

/**
 * What Jest calls with `new` for each spec file.
 * @param {ConstructorParameters<typeof TestEnvironment>} args
 */
module.exports = function KeptOrNew(...args) {
  const { collectCoverage, watch, watchAll } = args[0].globalConfig;
  if (collectCoverage || watch || watchAll) return new TestEnvironment(...args);
  return (kept ??= new KeptEnvironment(...args));
};
module.exports.KeptEnvironment = KeptEnvironment;
