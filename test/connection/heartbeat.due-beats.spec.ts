import fc from 'fast-check';
import { DueBeats, NEVER, NOWHERE, type Placed } from '../../src/connection/heartbeat.js';
import { propertyRuns } from '../support/property-runs.js';

interface Owner extends Placed {
  readonly name: number;
}

describe('DueBeats', () => {
  it('gives those that are due, however they come, go and change', () => {
    const step = fc.record({
      what: fc.constantFrom('add', 'set', 'remove'),
      name: fc.nat(100),
      beat: fc.oneof(fc.nat(9), fc.constant(NEVER)),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.nat(9), (steps, beat) => {
        const beats = new DueBeats<Owner>();
        const model = new Map<number, [owner: Owner, beat: number]>();
        for (const { what, name, beat: at } of steps) {
          const owner = model.get(name)?.[0] ?? { name, place: NOWHERE };
          if (what === 'remove') {
            beats.remove(owner);
            model.delete(name);
            expect(owner.place).toBe(NOWHERE);
            continue;
          }
          if (model.has(name)) beats.set(owner, at);
          else if (what === 'add') beats.add(owner, at);
          else beats.set(owner, at);
          if (model.has(name) || what === 'add') model.set(name, [owner, at]);
        }
        expect(beats.size).toBe(model.size);
        const due = [...model.values()].filter(([, at]) => at <= beat).map(([owner]) => owner);
        expect(new Set(beats.due(beat))).toEqual(new Set(due));
      }),
      propertyRuns(200),
    );
  });

  it('passes over nobody when some are removed while it is looked', () => {
    const beats = new DueBeats<Owner>();
    const owners = Array.from({ length: 100 }, (_, name) => ({ name, place: NOWHERE }));
    for (const owner of owners) beats.add(owner, 1);
    const seen: number[] = [];
    for (const owner of beats.due(1)) {
      seen.push(owner.name);
      if (owner.name % 3 === 0) beats.remove(owner);
    }
    expect(seen.toSorted((a, b) => a - b)).toEqual(owners.map(({ name }) => name));
    expect(beats.size).toBe(66);
  });
});
