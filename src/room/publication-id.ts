import { hash } from 'node:crypto';
import { RoomgateError } from '../core/errors.js';
import { isWellFormed } from '../core/option-rules.js';

const MAX_BYTES = 64;

/** @throws RoomgateError `invalid_data` unless it is well-formed text of 1 to 64 bytes: as bytes all lone surrogates are the same. */
export function checkPublicationId(id: string, what = 'publication id'): string {
  // Handlers may pass on what a client gave them, whatever it is.
  const bytes = typeof id === 'string' ? Buffer.byteLength(id) : 0;
  if (bytes === 0 || bytes > MAX_BYTES)
    throw new RoomgateError('invalid_data', `A ${what} has 1 to 64 bytes.`);
  if (!isWellFormed(id))
    throw new RoomgateError(
      'invalid_data',
      `A ${what} has no lone surrogates: as UTF-8 all of them are the same.`,
    );
  return id;
}

/** The id as one subject's own: nobody can use up the ids of others. */
export function ownPublicationId(identity: string, id: string): string {
  return hash('sha256', `${identity} ${checkPublicationId(id)}`, 'base64url');
}
