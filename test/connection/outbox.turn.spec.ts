import { Turn } from '../../src/connection/outbox.js';

const checkPhase = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Turn', () => {
  it('hands over once, after everything the turn does, with the time of the handing over', async () => {
    const seen: string[] = [];
    let now = 1;
    const turn = new Turn(() => now);
    turn.add({ flush: (at) => seen.push(`first at ${at}`) });
    turn.add({ flush: (at) => seen.push(`second at ${at}`) });
    queueMicrotask(() => seen.push('a microtask'));
    now = 7;
    await checkPhase();
    expect(seen).toEqual(['a microtask', 'first at 7', 'second at 7']);
    await checkPhase();
    expect(seen).toHaveLength(3);
  });

  it('takes what is added while it hands over into the next turn', async () => {
    const seen: string[] = [];
    const turn = new Turn(() => 0);
    turn.add({
      flush: () => {
        seen.push('first');
        turn.add({ flush: () => seen.push('second') });
      },
    });
    await checkPhase();
    expect(seen).toEqual(['first']);
    await checkPhase();
    expect(seen).toEqual(['first', 'second']);
  });

  it('closes the turn when it is flushed early, and flushes what comes afterwards too', async () => {
    const seen: string[] = [];
    const turn = new Turn(() => 0);
    turn.add({ flush: () => seen.push('early') });
    turn.flush();
    expect(seen).toEqual(['early']);
    turn.add({ flush: () => seen.push('late') });
    await checkPhase();
    await checkPhase();
    expect(seen).toEqual(['early', 'late']);
  });
});
