import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock } from '../core/clock.js';
import { ROOMGATE_OPTIONS } from '../core/constants.js';
import { quote } from '../core/option-rules.js';
import { type AuditEvent, AuditSink } from './audit.js';
import { explainVerdict } from './explain-verdict.js';
import { QuietLog } from '../core/log-throttle.js';

const WORDS: Readonly<Record<AuditEvent['kind'], string>> = {
  admitted: 'Admitted',
  refused: 'Upgrade refused',
  closed: 'Closed',
  refreshed: 'Refreshed',
  refresh_refused: 'Refresh refused',
  left: 'Left the room',
  revoked: 'Kicked',
};

/** What the log needs of the options of the module. */
interface AuditLogOptions {
  readonly strict: boolean;
  readonly issuers: readonly { readonly issuer: string }[];
}

/**
 * The default sink, on Nest's logger. In strict mode refusals and failed refreshes are warnings, one line per reason and ten seconds,
 * since strangers cause them; kicks and lost rooms are limited alike, since one call may concern thousands. In development every
 * refusal is explained in a block of lines, and every admission has a line. The rest is for debugging.
 */
@Injectable()
export class LogAuditSink extends AuditSink {
  readonly #logger = new Logger('Roomgate');
  readonly #warnings: QuietLog;
  readonly #notes: QuietLog;
  readonly #strict: boolean;
  readonly #issuers: readonly string[];

  constructor(
    @Inject(Clock) clock: Clock,
    @Inject(ROOMGATE_OPTIONS) { strict, issuers }: AuditLogOptions = { strict: true, issuers: [] },
  ) {
    super();
    this.#warnings = new QuietLog(clock, (line) => this.#logger.warn(line));
    this.#notes = new QuietLog(clock, (line) => this.#logger.log(line));
    this.#strict = strict;
    this.#issuers = issuers.map(({ issuer }) => issuer);
  }

  record(event: AuditEvent): void {
    const { kind, reason } = event;
    if (kind === 'refused' || kind === 'refresh_refused') {
      if (this.#strict) this.#warnings.add(`${kind} ${reason}`, () => shortLineOf(event));
      else this.#logger.warn(blockOf(event, this.#issuers));
    } else if (kind === 'revoked' || kind === 'left')
      this.#notes.add(`${kind} ${reason}`, () => lineOf(event));
    else if (kind === 'admitted' && !this.#strict) this.#logger.log(`${lineOf(event)}.`);
    // Most servers are not debugged, and the line would be put together for nobody.
    else if (Logger.isLevelEnabled('debug')) this.#logger.debug(`${lineOf(event)}.`);
  }
}

/** A subject is text of its issuer: escaped and cut. */
function lineOf(event: AuditEvent): string {
  const { kind, reason, status, closeCode, remark, connectionId, subject, requestId } = event;
  const words = kind === 'refused' && reason.startsWith('logout_') ? 'Logout refused' : WORDS[kind];
  const code = status ?? closeCode;
  return [
    `${words}: ${code === undefined ? '' : `${code} `}${reason}`,
    ...(remark === undefined ? [] : [` (${remark})`]),
    ...(connectionId === undefined ? [] : [`, connection ${connectionId}`]),
    ...(subject === undefined ? [] : [`, subject ${quote(subject)}`]),
    ...(requestId === undefined ? [] : [`, request ${requestId}`]),
  ].join('');
}

/**
 * What was seen, and what to change where only options or the proxy can: of a Host or an Origin, and where clients may have one
 * address because a proxy is not known.
 */
function shortLineOf(event: AuditEvent): string {
  const { seen, change } = explainVerdict(event);
  const isOurs = event.seen !== undefined || event.reason === 'too_many_upgrades';
  return [
    lineOf(event),
    ...(seen === undefined ? [] : [`, seen: ${seen}`]),
    ...(isOurs ? [`; ${change.replace(/\.$/, '')}`] : []),
  ].join('');
}

function blockOf(event: AuditEvent, issuers: readonly string[]): string {
  const { row, what, at, seen, change } = explainVerdict(event, { issuers });
  return [
    `${lineOf(event)}.`,
    `  what:   ${what}${row === undefined ? '' : ` (row ${row} of the verdict table)`}`,
    ...(at === undefined ? [] : [`  where:  ${at}`]),
    ...(seen === undefined ? [] : [`  seen:   ${seen}`]),
    `  change: ${change}`,
  ].join('\n');
}
