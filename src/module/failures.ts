import type { Refusal } from '../admission/refusals.js';
import type { Clock } from '../core/clock.js';
import { attempt, describeError, type DescribeOptions } from '../core/errors.js';
import { QuietLog } from '../core/log-throttle.js';
import type { RoomgateOptions } from './options.js';

/** Which part of the application threw, by the reason of the refusal. */
const PARTS: Readonly<Record<string, string>> = {
  extractor_failed: 'The token extractor',
  verifier_failed: 'The token verifier',
  policy_failed: 'The room policy',
  engine_unavailable: 'The engine',
};

/**
 * Errors of the application's own code, in the log: what failed, the error, and the request or connection it failed for. The
 * message is written in development, and elsewhere where `logErrorMessages` says so. A logger that throws changes nothing.
 */
export class FailureLog {
  readonly #quiet: QuietLog;
  readonly #withMessage: boolean;

  constructor(
    clock: Clock,
    private readonly logger: { warn(line: string): void; error(line: string): void },
    private readonly rules: Pick<RoomgateOptions, 'strict' | 'logErrorMessages'>,
  ) {
    this.#withMessage = rules.logErrorMessages || !rules.strict;
    this.#quiet = new QuietLog(clock, (line) => this.logger.error(line));
  }

  /** Something of the application failed that it has to mend. */
  tell(what: string, error: unknown, about?: string): void {
    attempt(() => this.logger.error(`${what} failed: ${this.#describe(error, about)}`));
  }

  /** The same where strangers can cause it: in strict mode one line for each `what` and ten seconds. */
  tellQuietly(what: string, error: unknown, about?: string): void {
    if (!this.rules.strict) return this.tell(what, error, about);
    attempt(() => {
      const text = `${what} failed: ${this.#describe(error, about)}`;
      const end = text.indexOf('\n');
      const [line, rest] = end === -1 ? [text] : [text.slice(0, end), text.slice(end + 1)];
      this.#quiet.add(what, () => line, rest === undefined ? undefined : () => rest);
    });
  }

  /** What the refusal came of, if a part of the application threw. */
  refused({ reason, failure }: Refusal, about?: string): void {
    if (failure) this.tellQuietly(PARTS[reason] ?? 'Admission', failure.error, about);
  }

  /** Something that goes on by itself, such as a connection to Redis. */
  warn(line: string, error: unknown): void {
    attempt(() => this.logger.warn(`${line}: ${this.#describe(error)}`));
  }

  #describe(error: unknown, about?: string): string {
    const options: DescribeOptions = { withMessage: this.#withMessage, about };
    return describeError(error, options);
  }
}
