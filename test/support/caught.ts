import { RoomgateError } from '../../src/core/errors.js';

/** What the function throws, or undefined. */
export function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** The code and sentence of the RoomgateError that the function throws; anything else thrown fails the test as itself. */
export function refused(run: () => unknown): { code: string; message: string } | undefined {
  const error = caught(run);
  if (error === undefined) return undefined;
  if (!(error instanceof RoomgateError)) throw error;
  return { code: error.code, message: error.message };
}
