import { FakeClock } from 'nestjs-roomgate/testing';
import { MemoryEngine } from '../../../../src/room/engine/memory/memory.engine.js';
import { RecentIds } from '../../../../src/room/engine/memory/recent-ids.js';
import { testEngineContract } from '../engine.contract.js';

describe('MemoryEngine', () => {
  testEngineContract(() => ({ engine: new MemoryEngine(), settle: () => Promise.resolve() }));

  it('delivers before publish returns', () => {
    const engine = new MemoryEngine();
    const bodies: string[] = [];
    engine.start({ deliver: (_, { body }) => bodies.push(body), interrupted: () => undefined });
    engine.subscribe('a');
    engine.publish('a', '1', { publicationId: 'p' });
    expect(bodies).toEqual(['1']);
    engine.stop();
    engine.publish('a', '2', { publicationId: 'q' });
    expect(bodies).toEqual(['1']);
  });

  it('takes an id for a new publication after a minute', () => {
    const clock = new FakeClock();
    const engine = new MemoryEngine(() => clock.now());
    engine.start({ deliver: () => undefined, interrupted: () => undefined });
    engine.subscribe('a');
    const publish = (): number => engine.publish('a', '1', { publicationId: 'same' }).offset;
    expect(publish()).toBe(1);
    clock.advance(59_999);
    expect(publish()).toBe(1);
    clock.advance(1);
    expect(publish()).toBe(2);
  });
});

describe('RecentIds', () => {
  it('keeps a thousand ids, the newest', () => {
    const recent = new RecentIds();
    for (let id = 0; id <= 1_000; id++) recent.add(String(id), id, 0);
    expect([recent.find('0', 1), recent.find('1', 1), recent.find('1000', 1)]).toEqual([
      undefined,
      1,
      1_000,
    ]);
  });

  it('drops what is older than a minute when something comes', () => {
    const recent = new RecentIds();
    recent.add('a', 1, 0);
    recent.add('b', 2, 60_000);
    expect([
      recent.find('a', 60_000),
      recent.find('b', 119_999),
      recent.find('b', 120_000),
    ]).toEqual([undefined, 2, undefined]);
  });
});
