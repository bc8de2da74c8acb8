import { type ArgumentsHost, Logger } from '@nestjs/common';
import { ServerConnection } from '../connection/connection.js';
import { attempt, describeError } from '../core/errors.js';

type Catch = (this: unknown, exception: unknown, host: ArgumentsHost) => unknown;

const WRAPPED = Symbol('roomgate:wrapped');

/**
 * Nest neither awaits an exception filter of a gateway nor looks at what it returns: one that is async and rejects would end
 * the process. Its rejection is logged here; the message was answered without it.
 */
export function wrapFilters(filters: readonly unknown[]): void {
  for (const filter of filters) {
    const holder = typeof filter === 'function' ? (filter.prototype as unknown) : filter;
    if (typeof holder === 'object' && holder !== null) wrap(holder);
  }
}

function tell(client: unknown, error: unknown): void {
  if (client instanceof ServerConnection) client.report('An exception filter', error);
  else
    attempt(() =>
      new Logger('Roomgate').error(`An exception filter failed: ${describeError(error)}`),
    );
}

function wrap(holder: object): void {
  const original: unknown = Reflect.get(holder, 'catch');
  if (typeof original !== 'function' || WRAPPED in original) return;
  const wrapped: Catch = function (exception, host) {
    const result = (original as Catch).call(this, exception, host);
    // Over HTTP what becomes of it is between Nest and the application.
    if (host.getType() !== 'ws') return result;
    Promise.resolve(result).catch((error: unknown) => tell(host.getArgByIndex(0), error));
    return undefined;
  };
  Object.defineProperty(holder, 'catch', {
    value: Object.assign(wrapped, { [WRAPPED]: true }),
    writable: true,
    configurable: true,
  });
}
