import { askRights, narrower, notBefore, roomRights } from '../../src/admission/room-admission.js';
import {
  type HistoryRight,
  type RoomAccess,
  RoomPolicy,
  type RoomRights,
} from '../../src/admission/room-policy.js';
import { principalOf } from '../support/principal.js';

const access = { roomName: 'orders', principal: principalOf() } as RoomAccess;

/** A policy that answers whatever it is told to. */
class OddPolicy extends RoomPolicy {
  constructor(
    private readonly answers: Partial<Record<'publish' | 'presence' | 'history', unknown>>,
  ) {
    super();
  }

  join(): boolean {
    return true;
  }

  override publish(): boolean {
    return this.answers.publish as boolean;
  }

  override presence(): boolean {
    return this.answers.presence as boolean;
  }

  override history(): HistoryRight {
    return this.answers.history as HistoryRight;
  }
}

describe('askRights', () => {
  it('has a policy that says nothing of it allow everything', async () => {
    class Silent extends RoomPolicy {
      join(): boolean {
        return true;
      }
    }
    const rights = await askRights(new Silent(), access);
    expect(rights).toEqual({ publish: true, presence: true, history: true });
  });

  it.each<[unknown]>([[undefined], [null], [1], ['true'], [{}], [[true]], [new Boolean(true)]])(
    'takes only true for a yes, and not %p',
    async (answer) => {
      const policy = new OddPolicy({ publish: answer, presence: answer, history: answer });
      expect(await askRights(policy, access)).toEqual({
        publish: false,
        presence: false,
        history: false,
      });
    },
  );

  it('awaits each answer', async () => {
    const late = (answer: unknown): Promise<unknown> => Promise.resolve(answer);
    const policy = new OddPolicy({
      publish: late(true),
      presence: late(false),
      history: late({ notBefore: 5 }),
    });
    expect(await askRights(policy, access)).toEqual({
      publish: true,
      presence: false,
      history: { notBefore: 5 },
    });
  });

  it.each<[unknown]>([
    [false],
    [0],
    [1_700_000_000_000],
    [NaN],
    ['2024-01-01'],
    [new Date()],
    [[]],
    [[0]],
    [{ notbefore: 0 }],
    [{ notBefore: NaN }],
    [{ notBefore: Infinity }],
    [{ notBefore: -Infinity }],
    [{ notBefore: '0' }],
    [{ notBefore: '2024-01-01' }],
    [{ notBefore: new Date(0) }],
    [{ notBefore: null }],
    [{ notBefore: undefined }],
    [{ notBefore: [0] }],
    [{ notBefore: 0n }],
    [{ notBefore: true }],
    [() => true],
    [Symbol('true')],
  ])('takes %p for no right to the past', async (history) => {
    expect((await askRights(new OddPolicy({ history }), access)).history).toBe(false);
  });

  it.each([0, -1, 1.5, 1_700_000_000_000, Number.MAX_VALUE])(
    'takes the time %d for one, and nothing else of what is around it',
    async (time) => {
      const given = { notBefore: time, more: 'more' };
      const { history } = await askRights(new OddPolicy({ history: given }), access);
      expect(history).toEqual({ notBefore: time });
      given.notBefore = -5;
      expect(history).toEqual({ notBefore: time });
    },
  );

  it('fails when the policy throws, so that nobody gets in by an error', async () => {
    const history = Object.defineProperty({}, 'notBefore', {
      get: () => {
        throw new Error('no');
      },
    });
    await expect(async () => askRights(new OddPolicy({ history }), access)).rejects.toThrow('no');
  });
});

describe('roomRights', () => {
  it('shares what is the same, and never what differs', () => {
    const rights = { publish: true, presence: false, history: true };
    expect(roomRights({ ...rights })).toBe(roomRights({ ...rights }));
    const all = [true, false].flatMap((publish) =>
      [true, false].flatMap((presence) =>
        [true, false, { notBefore: 1 }].map((history) => ({ publish, presence, history })),
      ),
    );
    const made = all.map((each) => roomRights(each));
    expect(made).toEqual(all);
    expect(new Set(made).size).toBe(all.length);
  });

  it('cannot be changed by those who are given them', () => {
    for (const history of [true, { notBefore: 1 }])
      expect(Object.isFrozen(roomRights({ publish: false, presence: false, history }))).toBe(true);
  });
});

describe('notBefore', () => {
  it.each<[HistoryRight, HistoryRight]>([
    [false, false],
    [true, { notBefore: 100 }],
    [{ notBefore: 50 }, { notBefore: 100 }],
    [{ notBefore: 150 }, { notBefore: 150 }],
  ])('makes of %j, from 100 on, %j', (right, expected) => {
    expect(notBefore(right, 100)).toEqual(expected);
  });
});

describe('narrower', () => {
  const all = { publish: true, presence: true, history: true } as const;

  it.each<[Partial<RoomRights>, Partial<RoomRights>, Partial<RoomRights>]>([
    [{}, {}, {}],
    [{ publish: false }, { presence: false }, { publish: false, presence: false }],
    [{ history: false }, {}, { history: false }],
    [{ history: { notBefore: 5 } }, {}, { history: { notBefore: 5 } }],
    [{ history: { notBefore: 5 } }, { history: { notBefore: 7 } }, { history: { notBefore: 7 } }],
    [{ history: { notBefore: 5 } }, { history: false }, { history: false }],
  ])('has what both %j and %j allow, whichever comes first', (one, other, both) => {
    const [first, second] = [roomRights({ ...all, ...one }), roomRights({ ...all, ...other })];
    expect(narrower(first, second)).toEqual({ ...all, ...both });
    expect(narrower(second, first)).toEqual({ ...all, ...both });
  });
});
