// A clock that all processes of one machine share, and nobody sets.

export function monotonicMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}
