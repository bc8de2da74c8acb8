import fc from 'fast-check';
import { propertyRuns } from '../support/property-runs.js';
import { RecoveryPlay } from '../support/recovery-play.js';
import { BEGINNING, step, type Step } from '../support/recovery-steps.js';

async function faultsOf(steps: readonly Step[], seed?: number): Promise<string[]> {
  const play = await RecoveryPlay.begin(seed);
  try {
    for (const one of [...BEGINNING, ...steps]) await play.do(one);
    await play.end();
    return play.faults;
  } finally {
    await play.close();
  }
}

describe('What clients see that come and go, lag behind and come back', () => {
  it('is, on the memory engine, all that was said for them, in order and once, or a gap', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        expect(await faultsOf(steps)).toEqual([]);
      }),
      propertyRuns(250),
    );
  }, 600_000);

  it('is, on an engine with delays, all that was said for them, in order and once, or a gap', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(step, { maxLength: 60, size: 'max' }),
        async (seed, steps) => {
          expect(await faultsOf(steps, seed)).toEqual([]);
        },
      ),
      propertyRuns(250),
    );
  }, 600_000);
});
