import { FakeClock } from 'nestjs-roomgate/testing';
import { DelayedEngine } from '../../../src/toolkit/testing/delayed.engine.js';
import { MemoryEngine } from '../../../src/room/engine/memory/memory.engine.js';
import { A, type EngineUnderTest } from '../../../src/toolkit/engine-suite/engine-probe.js';
import { type EngineView, SharedEngine } from '../../support/shared-engine.js';
import { describeRoomEngine } from 'nestjs-roomgate/engine';

/** A view of an engine that another node uses as well. */
function createView(): EngineUnderTest & { readonly engine: EngineView } {
  const clock = new FakeClock();
  const shared = new SharedEngine(new MemoryEngine(() => clock.now()));
  shared.view().start({
    deliver: () => undefined,
    interrupted: () => undefined,
    presence: () => undefined,
  });
  return {
    engine: shared.view(),
    settle: () => Promise.resolve(),
    advance: (ms) => clock.advance(ms),
  };
}

describe('A view of the shared engine', () => {
  describeRoomEngine(createView);

  it('carries what was published by another one, and only what it is subscribed to itself', () => {
    const shared = new SharedEngine();
    const bodies: string[][] = [[], []];
    const views = bodies.map((own) => {
      const view = shared.view();
      view.start({
        deliver: (key, { body }) => own.push(`${key} ${String(body)}`),
        interrupted: () => undefined,
        presence: () => undefined,
      });
      return view;
    });
    views[0]?.subscribe(A);
    views[1]?.publish(A, '1', { publicationId: '1' });
    views[1]?.subscribe(A);
    views[0]?.publish(A, '2', { publicationId: '2' });
    views[0]?.unsubscribe(A);
    views[0]?.publish(A, '3', { publicationId: '3' });
    expect(bodies).toEqual([
      [`${A} 1`, `${A} 2`],
      [`${A} 2`, `${A} 3`],
    ]);
  });
});

describe.each([1, 2, 3])('A view of the shared engine behind delays of seed %d', (seed) => {
  describeRoomEngine(() => {
    const { engine, advance } = createView();
    const settle = async (): Promise<void> => {
      for (let turn = 0; turn < 160; turn++) await new Promise((resolve) => setImmediate(resolve));
    };
    return { engine: new DelayedEngine(seed, 4, engine), settle, advance };
  });
});
