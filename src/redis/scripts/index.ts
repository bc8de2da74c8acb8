import type { Script } from './script.js';
import { ENTER, EXIT, PRESENT, PROBE, RENEW } from './presence.js';
import { PUBLISH } from './publish.js';
import { READ } from './read.js';
import { ADD, CHECK, MERGE } from './revocations.js';
import { SUBSCRIBED, TELL, UNSUBSCRIBED } from './subscribed.js';

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
