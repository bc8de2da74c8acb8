import fc from 'fast-check';
import type { ServerConnection } from '../../src/connection/connection.js';
import { Registry } from '../../src/connection/registry.js';
import { propertyRuns } from '../support/property-runs.js';

const connection = (id: string, identity: string): ServerConnection =>
  ({ id, principal: { identity } }) as ServerConnection;

describe('Registry', () => {
  it('knows every connection by its id and by its principal, and nothing of those that are gone', () => {
    const step = fc.record({ isAdd: fc.boolean(), id: fc.nat(6), who: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const registry = new Registry();
        const model = new Map<string, ServerConnection>();
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

  it('counts every connection of a principal until it is gone, and those that are finishing', () => {
    const registry = new Registry();
    for (const [id, isOpen, isActive] of [
      ['open', true, true],
      ['finishing', false, true],
      ['closing', false, false],
    ] as const)
      registry.add(Object.assign(connection(id, 'alice'), { isOpen, isActive }));
    registry.add(Object.assign(connection('bob', 'bob'), { isOpen: true, isActive: true }));
    expect(['alice', 'bob', 'eve'].map(registry.countOf)).toEqual([3, 1, 0]);
    expect(['alice', 'bob', 'eve'].map(registry.finishingOf)).toEqual([1, 0, 0]);
  });
});
