import type { RoomId } from '../admission/room-id.js';
import { encodeBinaryFrame, encodeTextFrame } from '../connection/frame.js';
import type { Publication } from './engine/publication.js';

/** What a member has to be told of where a publication stands. */
export interface Place {
  readonly room: RoomId;
  /** In rooms that keep a history: a member that comes back names the last one it has. */
  readonly offset?: number;
  /** In what is given again, and not live: whose offsets they are. */
  readonly epoch?: string;
}

/**
 * The bytes of one publication. Text is one frame, the body with its place added to it. Bytes have no place for one, so
 * they come right behind a text frame with it, the event `binary`.
 */
export function encodePublication({ body }: Pick<Publication, 'body'>, place: Place): Buffer {
  const members = JSON.stringify(place).slice(1);
  if (typeof body === 'string') return encodeTextFrame(`${body.slice(0, -1)},${members}`);
  return Buffer.concat([encodeTextFrame(`{"event":"binary",${members}`), encodeBinaryFrame(body)]);
}
