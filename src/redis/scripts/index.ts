import type { Script } from './script.js';
import { ENTER, EXIT, PRESENT, PROBE, RENEW } from './presence.js';
import { PUBLISH } from './publish.js';
import { READ, SUBSCRIBED, TELL, UNSUBSCRIBED } from './room.js';
import { ADD, CHECK, MERGE } from './revocations.js';

/** All that connections load. */
export const SCRIPTS: readonly Script[] = [
  PUBLISH,
  SUBSCRIBED,
  UNSUBSCRIBED,
  READ,
  TELL,
  ENTER,
  EXIT,
  RENEW,
  PRESENT,
  PROBE,
  CHECK,
  ADD,
  MERGE,
];
