import fc from 'fast-check';
import { SubjectLimit, type SubjectLimitPolicy } from '../../src/admission/subject-limit.js';
import { propertyRuns } from '../support/property-runs.js';

const limitOf = (onTooManyConnections: SubjectLimitPolicy, open = new Map<string, number>()) =>
  new SubjectLimit(
    { maxConnectionsPerSubject: 3, onTooManyConnections },
    { countOf: (identity) => open.get(identity) ?? 0, finishingOf: () => finishing },
  );

let finishing = 0;

/** As the door does it. */
const takeOf =
  (limit: SubjectLimit) =>
  (identity: string): (() => void) | undefined =>
    limit.hasPlace(identity) ? limit.take(identity) : undefined;

describe('SubjectLimit', () => {
  it('has so many places for the open and those at the door together', () => {
    const limit = limitOf('refuse', new Map([['alice', 2]]));
    const take = takeOf(limit);
    const giveBack = take('alice');
    expect([take('alice'), take('bob')]).toEqual([undefined, expect.any(Function)]);
    giveBack?.();
    expect(take('alice')).toBeDefined();
  });

  it('takes a place back once, however often it is given', () => {
    const limit = limitOf('refuse');
    const take = takeOf(limit);
    const places = [take('a'), take('a'), take('a')];
    for (let n = 0; n < 5; n++) places[0]?.();
    expect([take('a') === undefined, take('a')]).toEqual([false, undefined]);
  });

  it('lets a newcomer in who is to replace another, but not more of them at once than there are places', () => {
    const open = new Map([['alice', 3]]);
    const limit = limitOf('replace-oldest', open);
    for (let n = 0; n < 3; n++) expect(takeOf(limit)('alice')).toBeDefined();
    expect(takeOf(limit)('alice')).toBeUndefined();
    expect(limit.excessOf('alice')).toBe(0);
    open.set('alice', 4);
    expect(limit.excessOf('alice')).toBe(1);
  });

  it('lets nobody in for whom none can be replaced, because all places are still at work', () => {
    const limit = limitOf('replace-oldest', new Map([['alice', 3]]));
    finishing = 3;
    expect(takeOf(limit)('alice')).toBeUndefined();
    finishing = 2;
    expect(takeOf(limit)('alice')).toBeDefined();
    expect(takeOf(limit)('alice')).toBeUndefined();
    finishing = 0;
  });

  it('keeps nothing of those who are gone', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 60 }), (who) => {
        const limit = limitOf('refuse');
        const places = who.map((n) => takeOf(limit)(String(n)));
        for (const giveBack of places) giveBack?.();
        expect(limit.size).toBe(0);
      }),
      propertyRuns(50),
    );
  });
});
