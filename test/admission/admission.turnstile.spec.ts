import { jest } from '@jest/globals';
import { Turnstile } from '../../src/admission/admission.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Turnstile', () => {
  it('lets so many through at once, and as many in each turn after it, in order', async () => {
    const turnstile = new Turnstile(2);
    const passed: number[] = [];
    for (let i = 0; i < 5; i++) {
      const wait = turnstile.pass();
      if (wait) void wait.then(() => passed.push(i));
      else passed.push(i);
    }
    expect(passed).toEqual([0, 1]);
    await turn();
    expect(passed).toEqual([0, 1, 2, 3]);
    await turn();
    expect(passed).toEqual([0, 1, 2, 3, 4]);
  });

  it('asks for no turn while few come, and yet lets no more through in one', async () => {
    const turnstile = new Turnstile(4);
    const asked = jest.spyOn(globalThis, 'setImmediate');
    void turnstile.pass();
    expect(asked).not.toHaveBeenCalled();
    asked.mockRestore();
    await turn();
    const passed = Array.from({ length: 5 }, () => turnstile.pass() === undefined);
    expect(passed).toEqual([true, true, true, false, false]);
    await turn();
    expect([turnstile.pass(), turnstile.pass()]).toEqual([undefined, undefined]);
  });

  it('does not let a newcomer overtake those who wait', async () => {
    const turnstile = new Turnstile(1);
    expect(turnstile.pass()).toBeUndefined();
    const first = turnstile.pass();
    expect(first).toBeDefined();
    await first;
    expect(turnstile.pass()).toBeDefined();
  });

  it('is open again after a turn in which nobody waited', async () => {
    const turnstile = new Turnstile(1);
    expect(turnstile.pass()).toBeUndefined();
    await turn();
    expect(turnstile.pass()).toBeUndefined();
  });

  it.each([
    [32, 1, 32],
    [32, 3, 10],
    [32, 16, 2],
    [32, 48, 1],
    [1, 64, 1],
    [4, Infinity, 1],
    [4, NaN, 4],
    [4, 0, 4],
    [4, -1, 4],
  ])(
    'with %d checks per turn and %d per token lets %d tokens through',
    (checks, cost, expected) => {
      const turnstile = new Turnstile(checks, cost);
      let passed = 0;
      while (turnstile.pass() === undefined) passed += 1;
      expect(passed).toBe(expected);
    },
  );
});
