// The long runs, in the order in which they are done.
import { churn } from './churn.js';
import { flood } from './flood.js';
import { idleCpu } from './idle-cpu.js';
import { rollingRestarts } from './rolling.js';
import { soak } from './soak.js';
import { stalled } from './stalled.js';

const rolling = rollingRestarts({
  name: 'rolling',
  file: 'roomgate-rolling',
  nodes: 1,
  isShared: false,
});

/** @type {import('./soak.types.js').LongJob[]} */
export const LONG_JOBS = [churn, idleCpu, flood, stalled, rolling, soak];
