import type { FramePlace } from '../../src/connection/room-batch.js';

/** Where the publication behind an offset stands. */
export const behind = (before: number): FramePlace => ({ before, offset: before + 1 });
