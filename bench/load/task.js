// A task is a promise with a deadline: bounded in time, and it fails with how far it came.

/**
 * @template T
 * @param {number} limitMs
 * @param {() => string} progress  asked when time is up
 * @param {(settle: { resolve: (value: T) => void, reject: (error: Error) => void }) => void} begin
 * @returns {Promise<T>}
 */
export function withinLimit(limitMs, progress, begin) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`not done within ${limitMs} ms: ${progress()}`)),
      limitMs,
    );
    begin({
      resolve: (value) => (clearTimeout(timer), resolve(value)),
      reject: (error) => (clearTimeout(timer), reject(error)),
    });
  });
}
