/**
 * Where jitter comes from: a number from 0 up to, but not including, 1. Parts that spread their work over time
 * take one as a parameter, so that tests can say when they act. Not for secrets, which need `node:crypto`.
 */
export type Chance = () => number;

export const systemChance: Chance = Math.random;
