/**
 * Where jitter comes from: a number from 0 up to, but not including, 1. Parts that spread what they do over time take it as a
 * parameter, so that a test can say when they act. Never for secrets, which need `node:crypto`.
 */
export type Chance = () => number;

export const systemChance: Chance = Math.random;
