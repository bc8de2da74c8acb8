import fc from 'fast-check';
import type { RoomConnection } from '../../src/connection/connection.js';
import { Registry } from '../../src/connection/registry.js';
import { propertyRuns } from '../support/property-runs.js';

const connection = (id: string, identity: string): RoomConnection =>
  ({ id, principal: { identity } }) as RoomConnection;

describe('Registry', () => {
  it('knows every connection by its id and by its principal, and nothing of those that are gone', () => {
    const step = fc.record({ isAdd: fc.boolean(), id: fc.nat(6), who: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const registry = new Registry();
        const model = new Map<string, RoomConnection>();
        for (const { isAdd, id, who } of steps) {
          const name = `${id}-${who}`;
          const one = model.get(name) ?? connection(name, String(who));
          if (isAdd) {
            registry.add(one);
            model.set(name, one);
          } else {
            registry.remove(one);
            model.delete(name);
          }
          // Not even an empty set is left of a principal that is gone.
          expect(registry.subjects).toBe(
            new Set([...model.values()].map(({ principal }) => principal.identity)).size,
          );
          expect(registry.size).toBe(model.size);
          expect(registry.get(name)).toBe(model.get(name));
          expect(new Set(registry.all())).toEqual(new Set(model.values()));
          for (const identity of ['0', '1', '2'])
            expect(new Set(registry.ofSubject(identity))).toEqual(
              new Set(
                [...model.values()].filter(({ principal }) => principal.identity === identity),
              ),
            );
        }
      }),
      propertyRuns(50),
    );
  });

  it('counts the open ones of a principal, and looks at none while there cannot be as many', () => {
    const registry = new Registry();
    let looks = 0;
    const count = (isOpen: boolean) => ({
      get isOpen() {
        looks += 1;
        return isOpen;
      },
    });
    for (const [id, isOpen] of ['a', 'b', 'c'].map((name, n) => [name, n > 0] as const))
      registry.add(
        Object.create(connection(id, 'alice'), Object.getOwnPropertyDescriptors(count(isOpen))),
      );
    expect([1, 2, 3].map((n) => registry.hasOpen('alice', n))).toEqual([true, true, false]);
    looks = 0;
    expect([registry.hasOpen('alice', 4), registry.hasOpen('bob', 2), looks]).toEqual([
      false,
      false,
      0,
    ]);
    expect(registry.hasOpen('bob', 1)).toBe(false);
  });
});
