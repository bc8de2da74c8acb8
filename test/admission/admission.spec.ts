import { KeysUnavailableError } from '../../src/admission/token-verifier.js';
import type { Admitted } from '../../src/admission/admission.js';
import { Refusal, type RefusalCode } from '../../src/admission/refusals.js';
import { RoomsClaimPolicy } from '../../src/admission/room-policy.js';
import { SubjectLimit } from '../../src/admission/subject-limit.js';
import { NOBODY_WAITS, type Behind, Door, knocking, ROOM, TOKEN } from '../support/door.js';

const no = (): boolean => false;
const fail = (): never => {
  throw new Error('canary');
};

/** One thing wrong, and what is said to it, in the order of the verdict table. */
interface Row {
  readonly row: number;
  readonly code: RefusalCode;
  readonly reason: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly query?: string;
  readonly behind?: Behind;
  /** What was asked before the answer was known. */
  readonly steps: readonly string[];
}

const VERIFIED = ['verify'];
const ROWS: readonly Row[] = [
  {
    row: 4,
    code: 'host_not_allowed',
    reason: 'host_not_allowed',
    headers: { host: 'evil.test' },
    steps: [],
  },
  {
    row: 4,
    code: 'origin_not_allowed',
    reason: 'origin_not_allowed',
    headers: { origin: 'http://evil.test' },
    steps: [],
  },
  { row: 6, code: 'token_in_query', reason: 'token_in_query', query: 'token=a.b.c', steps: [] },
  {
    row: 6,
    code: 'multiple_credentials',
    reason: 'multiple_credentials',
    headers: { authorization: ['Bearer a', 'Bearer b'] },
    steps: [],
  },
  { row: 7, code: 'no_token', reason: 'no_token', headers: { authorization: [] }, steps: [] },
  {
    row: 8,
    code: 'token_invalid',
    reason: 'token_parts',
    headers: { authorization: 'Bearer a' },
    steps: [],
  },
  {
    row: 9,
    code: 'keys_unavailable',
    reason: 'keys_unavailable',
    behind: {
      verify: () => {
        throw new KeysUnavailableError();
      },
    },
    steps: VERIFIED,
  },
  {
    row: 8,
    code: 'token_invalid',
    reason: 'claim_sub',
    behind: { verify: () => ({ ...new Door().claims(), sub: '' }) },
    steps: VERIFIED,
  },
  {
    row: 9,
    code: 'authority_stale',
    reason: 'authority_stale',
    behind: { isStale: () => true },
    steps: VERIFIED,
  },
  {
    row: 10,
    code: 'insufficient_scope',
    reason: 'insufficient_scope',
    behind: { scopes: ['a', 'c'] },
    steps: VERIFIED,
  },
  {
    row: 12,
    code: 'room_forbidden',
    reason: 'room_forbidden',
    behind: { join: no },
    steps: [...VERIFIED, 'join'],
  },
  {
    row: 13,
    code: 'engine_unavailable',
    reason: 'engine_unavailable',
    behind: { hold: fail },
    steps: [...VERIFIED, 'join', 'publish', `hold orders/${ROOM}`],
  },
];
const hostRules = { options: { allowedHosts: ['chat.test'] } };

/** What is wrong in all of the rows; where two rows need the same thing, the earlier one has it. */
const together = (rows: readonly Row[]): Row =>
  rows.reduceRight((later, row) => ({
    ...row,
    headers: { ...later.headers, ...row.headers },
    query: row.query ?? later.query,
    behind: { ...later.behind, ...row.behind },
  }));
const knock = async ({
  headers,
  query,
  behind,
}: Row): Promise<{ verdict: Admitted | Refusal; steps: string[] }> => {
  const door = new Door({ ...hostRules, ...behind });
  return { verdict: await door.knock(knocking(headers, query)), steps: door.steps };
};

describe('Admission', () => {
  it('admits, having asked everybody once and in order', async () => {
    const door = new Door();
    const verdict = (await door.knock()) as Admitted;
    expect(door.steps).toEqual(['verify', 'join', 'publish', `hold orders/${ROOM}`]);
    expect(verdict).toMatchObject({
      principal: { issuer: 'https://id.test', subject: 'alice', scopes: ['a', 'b'] },
      room: ROOM,
      key: `orders/${ROOM}`,
      rights: { publish: true, presence: true, history: true },
    });
    expect(verdict.principal.expiresAt).toBe(door.clock.now() + 3_605_000);
    expect(JSON.stringify(verdict)).not.toContain(TOKEN);
    verdict.release();
    expect(door.steps.at(-1)).toBe('release');
  });

  it.each(ROWS)('row $row: says $code ($reason), and asks nobody further', async (row) => {
    const { verdict, steps } = await knock(row);
    expect(verdict).toBeInstanceOf(Refusal);
    expect(verdict).toMatchObject({ code: row.code, reason: row.reason });
    expect(steps).toEqual(row.steps);
  });

  it.each(ROWS.map((row, index) => ({ ...row, index })))(
    'row $row, $code, comes before all the rows below it',
    async ({ index, code, reason, steps: expected }) => {
      const { verdict, steps } = await knock(together(ROWS.slice(index)));
      expect(verdict).toMatchObject({ code, reason });
      expect(steps).toEqual(expected);
    },
  );

  it('says of a token that it is revoked, as far as that is known, also while more may be', async () => {
    const yes = (): boolean => true;
    const door = new Door({ isRevoked: yes, isStale: yes });
    expect(await door.knock()).toMatchObject({ code: 'token_revoked' });
  });

  it('lets nobody whom it knows into another room while revocations may be missing', async () => {
    let isStale = false;
    const door = new Door({ isStale: () => isStale });
    const { principal } = (await door.knock()) as Admitted;
    isStale = true;
    const asked = door.steps.length;
    const rules = { roomName: 'orders', policy: new RoomsClaimPolicy(false), scopes: ['x'] };
    const verdict = await door.admission.enter(principal, { room: ROOM, rules });
    expect(verdict).toMatchObject({ code: 'authority_stale', principal });
    expect(door.steps).toHaveLength(asked);
  });

  it('names the scopes that are needed, all of them', async () => {
    const verdict = await new Door({ scopes: ['c', 'a'] }).knock();
    expect(verdict).toMatchObject({
      code: 'insufficient_scope',
      scope: 'c a',
      row: { status: 403 },
    });
    expect(await new Door({ scopes: ['b', 'a'] }).knock()).not.toBeInstanceOf(Refusal);
  });

  it('hides rooms by option: the answer is that of an address where nothing is', async () => {
    const door = new Door({ join: no, options: { hideRooms: true } });
    expect(await door.knock()).toEqual(new Refusal('not_found', 'room_forbidden'));
  });

  it('lets a member in who may only listen', async () => {
    expect(await new Door({ publish: no }).knock()).toMatchObject({ rights: { publish: false } });
  });

  it('answers in the same turn when everything behind the door does', () => {
    const rules = { roomName: 'orders', policy: new RoomsClaimPolicy(false), scopes: [] };
    const { admission } = new Door({ verify: () => new Door().claims({ rooms: [ROOM] }) });
    const verdict = admission.admit(knocking(), { room: ROOM, rules }, NOBODY_WAITS);
    expect(verdict).toMatchObject({ room: ROOM, rights: { publish: true } });
  });

  it('lets no more of a subject in than there are places, also when their tokens are verified together', async () => {
    const rules = { maxConnectionsPerSubject: 2, onTooManyConnections: 'refuse' } as const;
    const subjects = new SubjectLimit(rules, { countOf: () => 0, finishingOf: () => 0 });
    const keys = new Promise((resolve) => setImmediate(resolve));
    const verify = (): unknown => keys.then(() => new Door().claims());
    const door = new Door({ verify, subjects });
    const verdicts = await Promise.all(Array.from({ length: 10 }, () => door.knock()));
    const codes = verdicts.map((verdict) => (verdict instanceof Refusal ? verdict.code : 'in'));
    expect(codes).toEqual(['in', 'in', ...Array.from({ length: 8 }, () => 'too_many_connections')]);
  });

  it('does not even take a token apart in a turn in which enough were checked', async () => {
    const door = new Door({ options: { maxVerdictsPerTurn: 1 } });
    const refusal = new Refusal('token_invalid', 'token_parts');
    expect(door.admission.identify('a')).toEqual(refusal);
    const later = door.admission.identify('a');
    expect(later).toBeInstanceOf(Promise);
    expect(await later).toEqual(refusal);
  });

  it('tells a policy who wants into which room', async () => {
    const asked: unknown[] = [];
    const door = new Door();
    const ask = (access: unknown): boolean => asked.push(access) > 0;
    const policy = { cacheMs: 0, join: ask, publish: ask, presence: ask, history: ask };
    const rules = { roomName: 'orders', policy, scopes: [] };
    const verdict = (await door.admission.admit(
      knocking(),
      { room: ROOM, rules },
      NOBODY_WAITS,
    )) as Admitted;
    const access = { roomName: 'orders', room: ROOM, principal: verdict.principal };
    expect(asked).toEqual([access, access, access, access]);
  });
});
