// What was measured: a sample per job, cell, server and repetition.

/** @typedef {import('./trial.js').Sample} Sample */

export class Results {
  /** @type {Map<string, (Sample | undefined)[]>} */
  #samples = new Map();

  /**
   * @param {string} job
   * @param {string} cell
   * @param {string} server
   * @param {number} repetition
   * @param {Sample} sample
   */
  add(job, cell, server, repetition, sample) {
    const key = keyOf(job, cell, server);
    const samples = this.#samples.get(key) ?? [];
    samples[repetition] = sample;
    this.#samples.set(key, samples);
  }

  /**
   * Sparse where a repetition is missing, so that repetitions can be paired.
   *
   * @param {string} job
   * @param {string} cell
   * @param {string} server
   * @returns {(Sample | undefined)[]}
   */
  of(job, cell, server) {
    return this.#samples.get(keyOf(job, cell, server)) ?? [];
  }

  toJSON() {
    return Object.fromEntries(this.#samples);
  }
}

/**
 * @param {string} job
 * @param {string} cell
 * @param {string} server
 */
function keyOf(job, cell, server) {
  return `${job} | ${cell} | ${server}`;
}
