/**
 * Why this exists: some hundred lines of PASS hide the one that matters, and a silent run looks like one that hangs.
 * Failures are printed when they happen, and every ten seconds a line says how far the run is.
 */
const EVERY_MS = 10_000;

export default class ProgressReporter {
  #files = 0;
  #done = 0;
  #passed = 0;
  #failed = 0;
  #startedAt = performance.now();
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /** @param {{ numTotalTestSuites: number }} results */
  onRunStart({ numTotalTestSuites }) {
    this.#files = numTotalTestSuites;
    this.#timer = setInterval(() => this.#say(), EVERY_MS);
  }

  /** @param {unknown} _ @param {import('@jest/reporters').TestResult} result */
  onTestResult(_, result) {
    this.#done++;
    this.#passed += result.numPassingTests;
    this.#failed += result.numFailingTests || (result.testExecError ? 1 : 0);
    if (result.failureMessage) console.log(`FAIL ${result.testFilePath}\n${result.failureMessage}`);
  }

  onRunComplete() {
    clearInterval(this.#timer);
    this.#say();
    process.send?.({ passed: this.#passed, failed: this.#failed });
  }

  #say() {
    const seconds = String(Math.round((performance.now() - this.#startedAt) / 1000)).padStart(4);
    console.log(
      `${seconds} s  ${this.#done} of ${this.#files} files, ` +
        `${this.#passed} tests passed, ${this.#failed} failed`,
    );
  }
}
