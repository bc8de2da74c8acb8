import type { HistoryRight } from '../admission/room-policy.js';
import type { RoomKey } from '../admission/room-id.js';
import { RoomgateError } from '../core/errors.js';
import type { HistoryPage, Position, Publication, RoomEngine } from './engine/engine.js';
import type { SettingsOfRooms } from './room-settings.js';

export interface HistoryRequest {
  /** Everything behind this position, the oldest first. Absent: the newest ones. */
  readonly since?: Position;
  /** Publications at most, 1 to 1,000; a page also has at most 65,536 bytes, or one publication. Default 100. */
  readonly limit?: number;
}

/** One publication of the past: `event` and `data`, or `bytes` of a binary one. */
export interface PastPublication {
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly publishedAt: number;
  readonly event?: string;
  readonly data?: unknown;
  readonly bytes?: Buffer;
}

/** A page of a room's history, in order. */
export interface PastPage {
  readonly publications: readonly PastPublication[];
  /** Where the room has got to. */
  readonly position: Position;
  /** Whether more follows behind the last one. */
  readonly hasMore: boolean;
}

const MAX_PAGE_BYTES = 65_536;
const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 100;

/** The past of rooms that keep one, in pages. */
export class History {
  constructor(
    private readonly engine: RoomEngine,
    private readonly settings: SettingsOfRooms,
  ) {}

  /**
   * What the right lets one see, without what was published to all but one of the connections.
   * @throws RoomgateError `not_kept` when the room keeps no history, `history_forbidden`, `position_unknown` when something behind
   * `since` is gone or is not to be seen, and what the engine throws.
   */
  async page(
    key: RoomKey,
    { since, limit = DEFAULT_LIMIT }: HistoryRequest,
    right: HistoryRight,
    connectionIds: readonly (string | undefined)[] = [],
  ): Promise<PastPage> {
    if (!this.settings.ofKey(key).history)
      throw new RoomgateError('not_kept', 'The rooms of this name keep no history.');
    if (right === false)
      throw new RoomgateError('history_forbidden', 'The member may not see the history.');
    const isSeen = ({ publishedAt }: Publication): boolean =>
      right === true || publishedAt >= right.notBefore;
    const isMeant = ({ except }: Publication): boolean =>
      except === undefined || !connectionIds.includes(except);
    const atMost = clamp(limit);
    // Behind a page that was all for others its limit would only mean more reads of the same.
    for (let from = since, range = atMost; ; range = MAX_LIMIT) {
      const page = await this.#read(key, from, range, isSeen);
      const { publications, position } = page;
      const last = publications.at(-1)?.offset ?? position.offset;
      const meant = publications.filter((one) => isSeen(one) && isMeant(one));
      const seen = meant.map(toPast).filter((one) => one !== undefined);
      const given = seen.slice(0, atMost);
      const hasMore = last < position.offset || given.length < seen.length;
      // Who asks for more goes on behind the last one it was given, so there has to be one.
      if (given.length > 0 || !hasMore) return { publications: given, position, hasMore };
      from = { ...position, offset: last };
    }
  }

  async #read(
    key: RoomKey,
    since: Position | undefined,
    limit: number,
    isSeen: (publication: Publication) => boolean,
  ): Promise<HistoryPage> {
    const range = { after: since?.offset, limit, maxBytes: MAX_PAGE_BYTES };
    const page = await this.engine.read(key, range);
    if (since && !goesOn(page, since, isSeen))
      throw new RoomgateError(
        'position_unknown',
        'Nothing is known of what followed the position.',
      );
    return page;
  }
}

/** Whether the page begins right behind the position, and all of it is to be seen. */
function goesOn(
  { publications, position }: HistoryPage,
  since: Position,
  isSeen: (publication: Publication) => boolean,
): boolean {
  if (since.epoch !== position.epoch) return false;
  if (since.offset === position.offset) return true;
  const [first] = publications;
  return first?.offset === since.offset + 1 && isSeen(first);
}

/** Undefined for a body that is neither bytes nor the JSON of a message, which no member was sent. */
function toPast({ body, offset, publishedAt }: Publication): PastPublication | undefined {
  if (typeof body !== 'string') return { offset, publishedAt, bytes: body };
  if (!body.startsWith('{"event":')) return undefined;
  try {
    const { event, data } = JSON.parse(body) as { event: string; data?: unknown };
    return { offset, publishedAt, event, data };
  } catch {
    return undefined;
  }
}

function clamp(limit: number): number {
  return Math.min(Math.max(Math.trunc(limit) || 1, 1), MAX_LIMIT);
}
