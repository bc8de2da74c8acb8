import type { Clock } from '../core/clock.js';

/** After a trouble has ended, how long its return is not a line of its own. */
const HOLD_MS = 10_000;
/** Lines of one trouble at most. */
const MAX_REASONS = 8;

/**
 * Writes one line when a trouble begins, for each new reason, and one when it ends. A trouble that comes and goes does not fill the
 * log: after the line of its end a known reason is silent for ten seconds, then it is written if the trouble is still there.
 */
export class TroubleLog {
  /** Why it is in trouble now; undefined while it is not. */
  #reason: string | undefined;
  /** The reasons that were written since the last quiet ten seconds. */
  readonly #written = new Set<string>();
  /** Whether the last line says that there is trouble. */
  #isWritten = false;
  #cancelHold: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly write: (line: string) => void,
    private readonly begun: (reason: string) => string,
    private readonly ended: string,
  ) {}

  /** The latest reason of the trouble there is. */
  get reason(): string | undefined {
    return this.#reason;
  }

  begin(reason: string): void {
    this.#reason = reason;
    if (this.#written.has(reason) || this.#written.size >= MAX_REASONS) return;
    this.#written.add(reason);
    this.#isWritten = true;
    this.write(this.begun(reason));
  }

  end(): void {
    this.#reason = undefined;
    if (!this.#isWritten) return;
    this.#isWritten = false;
    this.write(this.ended);
    this.#cancelHold?.();
    this.#cancelHold = this.clock.setTimer(() => this.#release(), HOLD_MS);
  }

  stop(): void {
    this.#cancelHold?.();
  }

  #release(): void {
    // New reasons were written meanwhile, and their end will begin another hold.
    if (this.#isWritten) return;
    this.#written.clear();
    if (this.#reason !== undefined) this.begin(this.#reason);
  }
}
