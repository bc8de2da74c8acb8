import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock } from '../roomgate.clock.js';
import { quote } from '../roomgate.rules.js';
import { type AuditEvent, type AuditKind, AuditSink } from './audit.js';
import { QuietLog } from './quiet-log.js';

const WORDS: Readonly<Record<AuditKind, string>> = {
  admitted: 'Admitted',
  refused: 'Upgrade refused',
  closed: 'Closed',
  refreshed: 'Refreshed',
  refresh_refused: 'Refresh refused',
  left: 'Left the room',
  revoked: 'Kicked',
};

/**
 * The default sink, on Nest's logger: refusals and failed refreshes are warnings and, since strangers cause them, limited by
 * reason; kicks and lost rooms are told, limited alike, since one call may concern thousands; the rest is for debugging.
 */
@Injectable()
export class LogAuditSink extends AuditSink {
  readonly #logger = new Logger('Roomgate');
  readonly #warnings: QuietLog;
  readonly #notes: QuietLog;

  constructor(@Inject(Clock) clock: Clock) {
    super();
    this.#warnings = new QuietLog(clock, (line) => this.#logger.warn(line));
    this.#notes = new QuietLog(clock, (line) => this.#logger.log(line));
  }

  record(event: AuditEvent): void {
    const { kind, reason } = event;
    if (kind === 'refused' || kind === 'refresh_refused')
      this.#warnings.add(`${kind} ${reason}`, () => lineOf(event));
    else if (kind === 'revoked' || kind === 'left')
      this.#notes.add(`${kind} ${reason}`, () => lineOf(event));
    // Most servers are not debugged, and the line would be put together for nobody.
    else if (Logger.isLevelEnabled('debug')) this.#logger.debug(`${lineOf(event)}.`);
  }
}

/** A subject is text of its issuer: escaped and cut. */
function lineOf(event: AuditEvent): string {
  const { kind, reason, status, closeCode, remark, connectionId, subject } = event;
  const words = kind === 'refused' && reason.startsWith('logout_') ? 'Logout refused' : WORDS[kind];
  const code = status ?? closeCode;
  return [
    `${words}: ${code === undefined ? '' : `${code} `}${reason}`,
    ...(remark === undefined ? [] : [` (${remark})`]),
    ...(connectionId === undefined ? [] : [`, connection ${connectionId}`]),
    ...(subject === undefined ? [] : [`, subject ${quote(subject)}`]),
  ].join('');
}
