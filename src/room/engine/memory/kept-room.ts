import type { Publication } from '../publication.js';
import type { KeptHistory } from './kept-history.js';
import { RecentIds } from './recent-ids.js';

/** One life of a room. Made small: a server may have a room for each of its connections, in most of which nobody ever speaks. */
export class KeptRoom {
  offset = 0;
  isSubscribed = false;
  /** Publications that wait because one is being delivered; undefined while none is. */
  waiting: Publication[] | undefined;
  history: KeptHistory | undefined;
  /** While nobody is subscribed: when it is forgotten. */
  forgetAt = 0;
  #recent: RecentIds | undefined;

  constructor(readonly epoch: string) {}

  get recent(): RecentIds {
    return (this.#recent ??= new RecentIds());
  }
}
