import fc from 'fast-check';
import type { Admitted } from '../../src/admission/admission.js';
import { Refusal } from '../../src/admission/refusals.js';
import { DEADLINE_MS, Knock } from '../support/knock.js';
import { propertyRuns } from '../support/property-runs.js';

describe('verifyClient', () => {
  it('has a length of 2, or ws would take its promise for a yes', () => {
    expect(new Knock().verifyClient.length).toBe(2);
  });

  it('returns nothing that ws could take for a yes', () => {
    const { verifyClient, request } = new Knock();
    expect(verifyClient({ req: request, origin: '', secure: false }, () => {})).toBeUndefined();
  });

  it('calls back with yes alone, corked so that 101 and greeting leave together', async () => {
    const knock = new Knock().knock();
    knock.resolve(knock.admitted);
    await knock.settle();
    expect(knock.callbacks).toEqual([[true]]);
    expect([knock.isCorkedAtCallback, knock.socket.writableCorked]).toEqual([1, 0]);
    expect([knock.refusals, knock.released]).toEqual([[], 0]);
  });

  it.each<[string, (knock: Knock) => void, string]>([
    ['a no', (knock) => knock.resolve(new Refusal('no_token')), 'no_token no_token'],
    ['a rejection', (knock) => knock.reject(new Error('x')), 'unavailable admission_failed'],
    [
      'the deadline',
      (knock) => knock.clock.advance(DEADLINE_MS),
      'verdict_timeout verdict_timeout',
    ],
    [
      'a peer that went away',
      (knock) => void knock.socket.destroy(),
      'unavailable gone_before_the_verdict',
    ],
  ])('answers itself, and never calls back, for %s', async (_what, happen, refusal) => {
    const knock = new Knock().knock();
    happen(knock);
    await knock.settle();
    expect(knock.refusals).toEqual([refusal]);
    expect(knock.callbacks).toEqual([]);
    expect(knock.clock.pending).toBe(0);
  });

  it.each<[string, (knock: Knock) => Admitted | Refusal, number]>([
    ['yes', (knock) => knock.admitted, 1],
    ['no', () => new Refusal('no_token'), 0],
  ])('hands on a %s that is there at once in the same turn, without a timer', (_, verdict, yes) => {
    const knock = new Knock();
    knock.admit = () => verdict(knock);
    knock.knock();
    expect([knock.callbacks.length, knock.refusals.length]).toEqual([yes, 1 - yes]);
    expect([knock.clock.pending, knock.upgrade.answer]).toEqual([0, undefined]);
  });

  it('refuses when admission throws, which it should not', () => {
    const knock = new Knock();
    knock.admit = fail;
    knock.knock();
    expect(knock.refusals).toEqual(['unavailable admission_failed']);
  });

  it('waits for the whole deadline, and no longer', () => {
    const knock = new Knock().knock();
    knock.clock.advance(DEADLINE_MS - 1);
    expect(knock.refusals).toEqual([]);
    knock.clock.advance(1);
    expect(knock.refusals).toHaveLength(1);
  });

  it('asks the last look about a yes, and releases what it refuses', async () => {
    const knock = new Knock().knock();
    knock.lastLook = () => new Refusal('draining');
    knock.resolve(knock.admitted);
    await knock.settle();
    expect(knock.refusals).toEqual(['draining draining']);
    expect([knock.callbacks, knock.released]).toEqual([[], 1]);
    expect(knock.upgrade.admitted).toBeUndefined();
  });

  it('releases a yes that ws did not make a connection of', async () => {
    const knock = new Knock().knock();
    knock.onCallback = () => {};
    knock.resolve(knock.admitted);
    await knock.settle();
    expect([knock.callbacks.length, knock.released]).toEqual([1, 1]);
  });

  it('only destroys the socket when opening the connection throws', async () => {
    const knock = new Knock().knock();
    knock.onCallback = fail;
    knock.resolve(knock.admitted);
    await knock.settle();
    expect(knock.socket.destroyed).toBe(true);
    expect([knock.refusals, knock.released]).toEqual([[], 1]);
  });

  it('only destroys the socket when the last look throws', async () => {
    const knock = new Knock().knock();
    knock.lastLook = fail;
    knock.resolve(knock.admitted);
    await knock.settle();
    expect(knock.socket.destroyed).toBe(true);
    expect([knock.refusals, knock.callbacks]).toEqual([[], []]);
  });

  it('only destroys the socket when writing the refusal throws', async () => {
    const knock = new Knock().knock();
    knock.onRefuse = fail;
    knock.resolve(new Refusal('no_token'));
    await knock.settle();
    expect([knock.socket.destroyed, knock.refusals.length]).toEqual([true, 1]);
  });

  it('destroys what it was not told of', () => {
    const knock = new Knock({ isKnown: false }).knock();
    expect(knock.socket.destroyed).toBe(true);
    expect([knock.callbacks, knock.refusals]).toEqual([[], []]);
  });

  it.each<[string, (knock: Knock) => void]>([
    ['yes', (knock) => knock.resolve(knock.admitted)],
    ['no', (knock) => knock.resolve(new Refusal('no_token'))],
  ])(
    'holds on to nothing of the request, its token least of all, after a %s',
    async (_what, happen) => {
      const knock = new Knock();
      const before = knock.socket.listenerCount('close');
      knock.knock();
      happen(knock);
      await knock.settle();
      expect(knock.socket.listenerCount('close')).toBe(before);
      expect(knock.clock.pending).toBe(0);
    },
  );

  it('answers exactly once and releases every late yes, in whatever order things happen', async () => {
    const happenings: Record<string, (knock: Knock) => void> = {
      yes: (knock) => knock.resolve(knock.admitted),
      no: (knock) => knock.resolve(new Refusal('no_token')),
      fail: (knock) => knock.reject(new Error('x')),
      deadline: (knock) => knock.clock.advance(DEADLINE_MS),
      gone: (knock) => void knock.socket.destroy(),
      drain: (knock) => (knock.lastLook = () => new Refusal('draining')),
      throw: (knock) => (knock.onCallback = fail),
      throwInRefusal: (knock) => (knock.onRefuse = fail),
    };
    const names = fc.shuffledSubarray(Object.keys(happenings), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(names, fc.array(fc.boolean()), async (order, pauses) => {
        const knock = new Knock().knock();
        let said: string | undefined;
        for (const [index, name] of order.entries()) {
          happenings[name]?.(knock);
          if (['yes', 'no', 'fail'].includes(name)) said ??= name;
          if (pauses[index]) await knock.settle();
        }
        knock.clock.advance(DEADLINE_MS);
        knock.reject(new Error('the end'));
        await knock.settle();
        expect(knock.callbacks.length + knock.refusals.length).toBe(1);
        expect(knock.released).toBe(said === 'yes' ? 1 - knock.opened : 0);
        expect(knock.clock.pending).toBe(0);
      }),
      propertyRuns(100),
    );
  });
});

function fail(): never {
  throw new Error('This fails.');
}
