import { Injectable } from '@nestjs/common';
import { type AuditEvent, AuditSink } from 'nestjs-roomgate';
import { explain } from './explain.js';
import { plain } from './plain.js';

/** The subject of the probes of `npm start`, which the log does not mention. */
export const PROBE = 'probe';

const KEPT_LINES = 100;
const MAX_COLUMNS = 100;
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

  /** Calls back for each line from now on. Returns how to stop. */
  read(reader: Reader): () => void {
    this.#readers.add(reader);
    return () => void this.#readers.delete(reader);
  }

  #write(now: Date, what: string, who: string | undefined, words: string): void {
    const time = now.toTimeString().slice(0, 8);
    const name = who === undefined ? '-' : plain(who, 16);
    const line = plain(`${time}  ${what.padEnd(8)} ${name.padEnd(8)} ${words}`, MAX_COLUMNS);
    this.recent.push(line);
    if (this.recent.length > KEPT_LINES) this.recent.shift();
    for (const reader of this.#readers) reader(line);
  }
}

/** What happens in this process. */
export const lines = new Lines();

/** Tells people what the door decides. An audit event has no token, no address and no text of a stranger in it. */
@Injectable()
export class LiveLog extends AuditSink {
  record(event: AuditEvent): void {
    const { kind, reason, status, closeCode, subject } = event;
    if (subject === PROBE) return;
    const why = `${reason}: ${explain(event)}`;
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
