import { Injectable } from '@nestjs/common';
import { type AuditEvent, AuditSink, explainVerdict } from 'nestjs-roomgate';
import { plain } from './plain.js';

/** The subject of the probes of `npm start`, which the log does not mention. */
export const PROBE = 'probe';

const KEPT_LINES = 100;
const MAX_LINE = 400;
const INDENT = 28;
const MAX_LINES_PER_SECOND = 50;

type Reader = (line: string) => void;

/** Lines for people: the terminal and the pages read them. Keeps the last 100. */
class Lines {
  readonly recent: string[] = [];
  readonly #readers = new Set<Reader>();
  #second = 0;
  #count = 0;

  /** One event. Its words are ours, but for the name, which is cleaned and cut. */
  add(what: string, who: string | undefined, words: string): void {
    const now = new Date();
    const second = Math.floor(now.getTime() / 1000);
    if (second !== this.#second) {
      const left = this.#count - MAX_LINES_PER_SECOND;
      if (left > 0) this.#write(now, 'log', undefined, `${left} more events in one second`);
      [this.#second, this.#count] = [second, 0];
    }
    this.#count += 1;
    // Whoever can knock can cause lines, and a flood of them would bury the rest.
    if (this.#count <= MAX_LINES_PER_SECOND) this.#write(now, what, who, words);
  }

  /** Forgets what came before the log begins: the refusals that the probes of `npm start` asked for. */
  clear(): void {
    this.recent.length = 0;
  }

  /** Calls back for each line from now on. Returns how to stop. */
  read(reader: Reader): () => void {
    this.#readers.add(reader);
    return () => void this.#readers.delete(reader);
  }

  #write(now: Date, what: string, who: string | undefined, words: string): void {
    const time = now.toTimeString().slice(0, 8);
    const name = who === undefined ? '-' : plain(who, 16);
    const line = plain(`${time}  ${what.padEnd(8)} ${name.padEnd(8)} ${words}`, MAX_LINE);
    this.recent.push(line);
    if (this.recent.length > KEPT_LINES) this.recent.shift();
    for (const reader of this.#readers) reader(line);
  }
}

/**
 * A line of the log for a terminal: what is too wide goes on in further lines, under the words of the first.
 * @param columns the width of the terminal; undefined when there is none
 */
export function fold(line: string, columns = Infinity): string {
  const width = Math.max(columns, 2 * INDENT);
  const folded: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > INDENT ? space : width;
    folded.push(rest.slice(0, end));
    rest = ' '.repeat(INDENT) + rest.slice(end).trimStart();
  }
  return [...folded, rest].join('\n');
}

/** What happens in this process. */
export const lines = new Lines();

/** Tells people what the door decides. An audit event has no token, no address and no text of a stranger in it. */
@Injectable()
export class LiveLog extends AuditSink {
  record(event: AuditEvent): void {
    const { kind, reason, status, closeCode, subject } = event;
    if (subject === PROBE) return;
    const { what, seen, change } = explainVerdict(event);
    const advice = change === 'Nothing.' ? what : change;
    const why = `${reason}${seen === undefined ? '' : ` (${seen})`}: ${advice}`;
    switch (kind) {
      case 'admitted':
        return lines.add('in', subject, 'by a bearer token in the Authorization header');
      case 'refused':
        return lines.add('refused', subject, `${status} ${why}`);
      case 'closed':
        return lines.add('out', subject, closeCode === undefined ? why : `${closeCode} ${why}`);
      case 'refreshed':
        return lines.add('refresh', subject, 'accepted: the connection lives by its new token');
      case 'refresh_refused':
        return lines.add('refresh', subject, `refused, ${why}`);
      case 'left':
      case 'revoked':
        return lines.add(kind, subject, why);
    }
  }
}
