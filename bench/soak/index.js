// The long runs, in the order in which they are done.
import { churn } from './churn.js';
import { flood } from './flood.js';
import { idleCpu } from './idle-cpu.js';
import { soak } from './soak.js';

/** @type {import('./soak.types.js').LongJob[]} */
export const LONG_JOBS = [churn, idleCpu, flood, soak];
