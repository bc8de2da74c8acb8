import fc from 'fast-check';
import type { EngineSink, Position, Publication } from '../../../src/room/engine/engine.js';
import { RedisKeys } from '../../../src/redis/keys.js';
import { Subscription } from '../../../src/redis/rooms/subscriptions.js';
import { propertyRuns } from '../../support/property-runs.js';

const KEY = 'default/a';
const MIB = 1024 * 1024;
const at = (offset: number, epoch = 'one'): Position => ({ epoch, offset });
const said = (offset: number, epoch = 'one'): Publication => ({
  publicationId: `${epoch} ${offset}`,
  offset,
  body: epoch,
  publishedAt: 0,
});

/** A subscription, and what it told, in words. */
function listening(): { subscription: Subscription; told: string[] } {
  const told: string[] = [];
  const sink: EngineSink = {
    deliver: (_, { publicationId }) => told.push(String(publicationId)),
    interrupted: (_, { epoch, offset }) => told.push(`gap to ${epoch} ${offset}`),
    presence: (_, { kind, memberId }) => told.push(`${memberId} ${kind}`),
  };
  const names = new RedisKeys('test').of(KEY);
  return { subscription: new Subscription(KEY, names, undefined, sink), told };
}

/** The same, open, and told everything until then. */
function open(position = at(3)): ReturnType<typeof listening> {
  const it = listening();
  it.subscription.begin(position);
  return it;
}

describe('A subscription', () => {
  it('tells nothing before it is open, then what came meanwhile behind its position', () => {
    const { subscription, told } = listening();
    for (const offset of [2, 3, 4, 5]) subscription.publication(said(offset), 'one', 10);
    expect(told).toEqual([]);
    expect(subscription.begin(at(3))).toBe(true);
    expect(told).toEqual(['one 4', 'one 5']);
  });

  it('delivers in order, and nothing twice', () => {
    const { subscription, told } = open();
    for (const offset of [4, 4, 3, 5]) subscription.publication(said(offset), 'one', 10);
    expect(told).toEqual(['one 4', 'one 5']);
  });

  it('tells of a gap before what comes behind it', () => {
    const { subscription, told } = open();
    subscription.publication(said(6), 'one', 10);
    expect(told).toEqual(['gap to one 5', 'one 6']);
  });

  it('tells of a gap when the epoch is another one, even if the offset fits', () => {
    const { subscription, told } = open();
    subscription.publication(said(4, 'two'), 'two', 10);
    subscription.publication(said(5, 'two'), 'two', 10);
    expect(told).toEqual(['gap to two 3', 'two 4', 'two 5']);
  });

  it('is not silenced by an offset that Redis has never given', () => {
    const { subscription, told } = open();
    const impossible = Number.MAX_SAFE_INTEGER - 1;
    subscription.publication(said(impossible), 'one', 10);
    told.length = 0;
    expect(subscription.verify(at(4), subscription.position)).toBe(false);
    subscription.publication(said(5), 'one', 10);
    expect(told.slice(-2)).toEqual(['gap to one 4', 'one 5']);
  });

  it('is interrupted whenever it was closed: news of presence may be missing where no publication is', () => {
    const { subscription, told } = open();
    expect(told).toEqual([]);
    for (const position of [at(3), at(8), at(8, 'two')]) {
      subscription.suspend();
      subscription.begin(position);
    }
    expect(told).toEqual(['gap to one 3', 'gap to one 8', 'gap to two 8']);
  });

  it('forgets what waited when it has to be opened once more', () => {
    const { subscription, told } = listening();
    subscription.publication(said(4), 'one', 10);
    subscription.suspend();
    subscription.begin(at(3));
    expect(told).toEqual([]);
  });

  it('wants to be verified when something of another epoch waited, or too much', () => {
    const strange = listening().subscription;
    strange.publication(said(4, 'two'), 'two', 10);
    expect(strange.begin(at(3))).toBe(false);

    const { subscription, told } = listening();
    subscription.publication(said(4), 'one', 3 * MIB);
    subscription.publication(said(5), 'one', 3 * MIB);
    expect(subscription.begin(at(3))).toBe(false);
    expect(told).toEqual(['one 4']);
    subscription.verify(at(5));
    expect(told).toEqual(['one 4', 'gap to one 5']);
  });

  it('finds by verifying what was lost without a word, and tells of it once', () => {
    const { subscription, told } = open();
    subscription.verify(at(3));
    subscription.verify(at(2));
    expect(told).toEqual([]);
    subscription.verify(at(5));
    subscription.verify(at(5));
    expect(told).toEqual(['gap to one 5']);
  });

  it('is not verified while it is being opened', () => {
    const { subscription, told } = open();
    subscription.suspend();
    subscription.verify(at(9));
    expect(told).toEqual([]);
  });

  it('tells of presence in its place, also of what waited', () => {
    const { subscription, told } = listening();
    subscription.publication(said(4), 'one', 10);
    subscription.change({ kind: 'left', memberId: 'bob' });
    subscription.publication(said(5), 'one', 10);
    subscription.begin(at(3));
    subscription.change({ kind: 'joined', memberId: 'bob', info: undefined });
    expect(told).toEqual(['one 4', 'bob left', 'one 5', 'bob joined']);
  });

  it('tells nothing after its end, whatever comes', () => {
    const { subscription, told } = open();
    subscription.close();
    subscription.publication(said(4), 'one', 10);
    subscription.publication(said(9, 'two'), 'two', 10);
    subscription.change({ kind: 'left', memberId: 'bob' });
    subscription.verify(at(20));
    expect(told).toEqual([]);
  });
});

const STEPS = [
  'publish',
  'publish',
  'publish',
  'arrive',
  'arrive',
  'lose',
  'cut',
  'ask',
  'open',
  'other epoch',
  'new room',
  'verify',
  'fence',
] as const;

/** Redis, a channel that loses, and somebody who believes only what the subscription tells. */
class Play {
  #room = at(0, 'epoch0');
  #epochs = 0;
  readonly #channel: Position[] = [];
  #answer: Position | undefined;
  #verifying: Position | undefined;
  /** Where who listens believes to be. */
  #believed: Position | undefined;
  /** Whoever came or went since then was not told of: that has to be said even if no publication is missing. */
  #isCut = false;
  readonly #subscription: Subscription;

  constructor() {
    const sink: EngineSink = {
      deliver: (_, { offset, body }) => {
        expect({ epoch: body, offset }).toEqual({
          epoch: this.#believed?.epoch,
          offset: (this.#believed?.offset ?? NaN) + 1,
        });
        this.#believed = at(offset, String(body));
      },
      interrupted: (_, position) => {
        const least = (this.#believed?.offset ?? 0) + (this.#isCut ? 0 : 1);
        if (position.epoch === this.#believed?.epoch)
          expect(position.offset).toBeGreaterThanOrEqual(least);
        this.#believed = position;
        this.#isCut = false;
      },
      presence: () => undefined,
    };
    const names = new RedisKeys('test').of(KEY);
    this.#subscription = new Subscription(KEY, names, undefined, sink);
  }

  step(does: (typeof STEPS)[number]): void {
    const { epoch, offset } = this.#room;
    switch (does) {
      case 'publish':
        this.#room = at(offset + 1, epoch);
        this.#channel.push(this.#room);
        break;
      case 'arrive':
        this.#arrive();
        break;
      case 'lose':
        this.#channel.shift();
        break;
      case 'cut':
        this.#channel.length = 0;
        this.#answer = this.#verifying = undefined;
        this.#subscription.suspend();
        this.#isCut = this.#believed !== undefined;
        break;
      case 'ask':
        if (!this.#subscription.isOpen) this.#answer = this.#room;
        break;
      case 'open':
        this.#open();
        break;
      case 'other epoch':
        this.#room = at(offset, `epoch${(this.#epochs += 1)}`);
        break;
      case 'new room':
        this.#room = at(0, `epoch${(this.#epochs += 1)}`);
        break;
      case 'verify':
        if (this.#subscription.isOpen) this.#verifying = this.#room;
        break;
      case 'fence':
        this.#fence();
    }
  }

  /** Everything that can still come comes; then nothing may be missing that was not told. */
  end(): void {
    for (const does of ['ask', 'open', 'fence', 'verify', 'fence'] as const) this.step(does);
    expect(this.#believed).toEqual(this.#room);
  }

  #arrive(): void {
    const next = this.#channel.shift();
    if (next) this.#subscription.publication(said(next.offset, next.epoch), next.epoch, 10);
  }

  #open(): void {
    const answer = this.#answer;
    if (!answer) return;
    this.#answer = undefined;
    this.#believed ??= answer;
    const isAll = this.#subscription.begin(answer);
    expect(this.#isCut).toBe(false);
    if (!isAll) this.#verifying = this.#room;
  }

  #fence(): void {
    while (this.#channel.length > 0) this.#arrive();
    if (this.#verifying) this.#subscription.verify(this.#verifying);
    this.#verifying = undefined;
  }
}

it('A subscription tells all that is published or says that it does not, whatever is lost, cut, begun anew and when', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...STEPS), { maxLength: 80 }), (steps) => {
      const play = new Play();
      for (const does of steps) play.step(does);
      play.end();
    }),
    propertyRuns(2_000),
  );
});
