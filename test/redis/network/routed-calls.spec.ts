import { FakeClock } from 'nestjs-roomgate/testing';
import { ClusterNetwork, slotOf } from '../../../src/redis/network/topology.js';
import { RoutedCalls } from '../../../src/redis/network/routed-calls.js';
import { Script } from '../../../src/redis/scripts/script.js';
import { Deferred } from '../../support/deferred.js';
import { FakeCluster } from '../../support/redis/fake-cluster.js';
import { settled } from '../../support/redis/fake-redis.js';

const TAG = 'test|room';
/** Of a slot that does not move. */
const OTHER_TAG = 'test|other';
const SCRIPT = new Script('return 0');
const PATIENCE_MS = 4_000;

describe('RoutedCalls', () => {
  let cluster: FakeCluster;
  let clock: FakeClock;
  let network: ClusterNetwork;
  let calls: RoutedCalls;
  let moved: () => void;
  /** What was done, in order. */
  let done: string[];
  /** What the master before says, one after the other, as far as it is let through. */
  let gates: Deferred[];

  beforeEach(async () => {
    cluster = new FakeCluster(slotOf(TAG));
    clock = new FakeClock();
    moved = () => undefined;
    [done, gates] = [[], []];
    const ports = {
      dialer: cluster,
      clock,
      scripts: [],
      connectTimeoutMs: 1,
      replyTimeoutMs: 1e9,
    };
    network = new ClusterNetwork(ports, {
      message: () => undefined,
      up: () => undefined,
      down: () => undefined,
      moved: (from) => {
        calls.moved(from);
        moved();
      },
    });
    calls = new RoutedCalls(network, clock, PATIENCE_MS / 2);
    await network.start();
    await settled();
    for (const [index, master] of cluster.masters.entries()) {
      const { answer } = master;
      master.answer = async (command, args, by) => {
        if (command === 'CLUSTER') return answer(command, args, by);
        const [tag, body] = args.slice(2);
        const isRefused = tag === TAG && cluster.owner !== index;
        if (command === 'EVALSHA' && !isRefused) done.push(String(body));
        if (index === 0) await gates.shift()?.promise;
        if (isRefused && by.isOpen) throw cluster.moved();
        return 0;
      };
    }
  });
  afterEach(() => network.stop());

  const call = (body: string, tag = TAG): Promise<unknown> =>
    calls.eval(SCRIPT, tag, [tag], [body]);
  /** So many answers of the master before are not let through yet. */
  const hold = (count: number): (() => Promise<void>)[] => {
    gates = Array.from({ length: count }, () => new Deferred());
    return gates.map((gate) => (): Promise<void> => {
      gate.resolve();
      return settled();
    });
  };

  it('asks the new owner when the old one refuses, and nobody waits any more then', async () => {
    await call('a');
    cluster.owner = 1;
    await call('b');
    const last = call('c');
    expect(done).toEqual(['a', 'b', 'c']);
    await last;
  });

  it('keeps a call that is made when the owners are renewed behind those that were refused', async () => {
    cluster.owner = 1;
    const all: Promise<unknown>[] = [];
    moved = () => void all.push(call('c'));
    all.push(call('a'), call('b'));
    await settled();
    await Promise.all(all);
    expect(done).toEqual(['a', 'b', 'c']);
  });

  it('waits for the refusals that are still to come', async () => {
    cluster.owner = 1;
    const [first, second, third, fence] = hold(4);
    const all = ['a', 'b', 'c'].map((body) => call(body));
    await first?.();
    all.push(call('d'));
    await second?.();
    await third?.();
    expect(done).toEqual([]);
    await fence?.();
    await Promise.all(all);
    expect(done).toEqual(['a', 'b', 'c', 'd']);
  });

  it('does so too when it was somebody else who found out', async () => {
    cluster.owner = 1;
    const [first, fence] = hold(2);
    const all = [call('a')];
    await network.refresh();
    all.push(call('b'));
    await settled();
    expect(done).toEqual([]);
    await first?.();
    await fence?.();
    await Promise.all(all);
    expect(done).toEqual(['a', 'b']);
  });

  it('lets others pass', async () => {
    cluster.owner = 1;
    const [first, fence] = hold(2);
    const all = [call('a')];
    await first?.();
    all.push(call('b', OTHER_TAG));
    expect(done).toEqual(['b']);
    await fence?.();
    await Promise.all(all);
  });

  it('goes on when the old owner is gone', async () => {
    cluster.owner = 1;
    const answers = hold(2);
    const lost = call('a').catch(({ code }: { code: string }) => code);
    await network.refresh();
    const behind = call('b');
    cluster.masters[0].cut();
    for (const answer of answers) await answer();
    await behind;
    expect([await lost, done]).toEqual(['engine_unavailable', ['b']]);
  });

  describe('when nobody says in time who has it', () => {
    let learned: Deferred<never>;
    beforeEach(() => {
      learned = new Deferred();
      cluster.slots.push(...cluster.masters.map(() => () => learned.promise));
      cluster.owner = 1;
    });
    const codeOf = (called: Promise<unknown>): Promise<unknown> =>
      called.catch(({ code }: { code: string }) => code);
    const learn = (): Promise<void> => {
      cluster.slots.length = 0;
      learned.reject(new Error('gone'));
      return settled();
    };
    const pass = async (ms: number): Promise<void> => {
      clock.advance(ms);
      await settled();
    };

    it('gives up all that waits, and does nothing of it later', async () => {
      const codes: unknown[] = [];
      const say = (body: string): void => void codeOf(call(body)).then((code) => codes.push(code));
      for (const body of ['a', 'b']) say(body);
      await settled();
      await pass(PATIENCE_MS - 1);
      say('c');
      expect(codes).toEqual([]);
      await pass(1);
      expect(codes).toEqual(Array.from({ length: 3 }, () => 'engine_unavailable'));
      await learn();
      await call('d');
      expect(done).toEqual(['d']);
    });

    it('begins anew with who is refused then, undisturbed by what is learned late', async () => {
      const { pending } = clock;
      const given = codeOf(call('a'));
      await settled();
      await pass(PATIENCE_MS);
      await given;
      const [answer, fence] = hold(2);
      const all = [call('b')];
      await answer?.();
      await learn();
      all.push(call('c'));
      expect(done).toEqual([]);
      await fence?.();
      await Promise.all(all);
      expect([done, clock.pending]).toEqual([['b', 'c'], pending]);
    });
  });
});
