import { inspect } from 'node:util';
import type { LoggerService } from '@nestjs/common';

/** A logger of the app that keeps all it is given, whatever the level. */
export class CapturedLogger implements LoggerService {
  text = '';
  log = (...args: unknown[]): void => this.#add(args);
  error = this.log;
  warn = this.log;
  debug = this.log;
  verbose = this.log;
  fatal = this.log;

  #add(args: unknown[]): void {
    this.text += `${args.map((arg) => (typeof arg === 'string' ? arg : inspect(arg, { depth: 8 }))).join(' ')}\n`;
  }
}
