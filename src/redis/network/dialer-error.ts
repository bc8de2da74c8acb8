import { RoomgateError } from '../../core/errors.js';

/** A publication that was refused to its caller must not be sent all the same. */
export function repeats(): RoomgateError {
  return new RoomgateError(
    'unsafe_options',
    'The copy that "client.duplicate()" makes queues commands while it is offline, or sends them again, although it was told not to.',
  );
}
