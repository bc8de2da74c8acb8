import { FakeClock } from 'nestjs-roomgate/testing';
import { Detour } from '../../../src/redis/network/routed-calls.js';
import { Deferred } from '../../support/deferred.js';
import { settled } from '../../support/redis/fake-redis.js';

const PATIENCE_MS = 4_000;

describe('Detour', () => {
  let clock: FakeClock;
  let detour: Detour;
  /** How often it was told to be over. */
  let ends: number;
  let sent: string[];
  let outcomes: Promise<unknown>[];

  beforeEach(() => {
    [clock, ends, sent, outcomes] = [new FakeClock(), 0, [], []];
    detour = new Detour({ clock, patienceMs: PATIENCE_MS, ended: () => (ends += 1) });
  });

  const wait = (way: 'again' | 'behind', body: string): void => {
    const call = async (): Promise<string> => {
      sent.push(body);
      return body;
    };
    outcomes.push(detour[way](call).catch(({ code }: { code: string }) => code));
  };

  it('sends who was refused, then who came behind, when all that it waits for has happened', async () => {
    const [answer, owners] = [new Deferred(), new Deferred()];
    for (const { promise } of [answer, owners]) void detour.until(promise);
    wait('behind', 'c');
    for (const body of ['a', 'b']) wait('again', body);
    answer.resolve();
    await settled();
    expect([sent, ends]).toEqual([[], 0]);
    owners.reject(new Error('gone'));
    expect(await Promise.all(outcomes)).toEqual(['c', 'a', 'b']);
    expect([sent, ends, clock.pending]).toEqual([['a', 'b', 'c'], 1, 0]);
  });

  it('gives up all who wait, in time for the first of them, and sends nothing of it later', async () => {
    const [answer, owners] = [new Deferred(), new Deferred()];
    void detour.until(answer.promise);
    clock.advance(PATIENCE_MS);
    wait('behind', 'b');
    clock.advance(PATIENCE_MS - 1);
    void detour.until(owners.promise);
    wait('again', 'a');
    await settled();
    expect(ends).toBe(0);
    clock.advance(1);
    expect(await Promise.all(outcomes)).toEqual(['engine_unavailable', 'engine_unavailable']);
    for (const { resolve } of [answer, owners]) resolve();
    await settled();
    expect([sent, ends]).toEqual([[], 1]);
  });
});
