import type { Admitted } from '../../src/admission/admission.js';
import { Refusal } from '../../src/admission/refusals.js';
import { TokenRefusedError } from '../../src/admission/token-verifier.js';
import { type Behind, Door } from '../support/door.js';

type Port = 'extract' | 'verify' | 'join' | 'publish' | 'hold';

/** What applications throw. */
const AT_ONCE: [string, () => unknown][] = [
  ['throws', () => thrown(new TypeError('canary'))],
  ['throws text', () => thrown('canary')],
  ['throws nothing', () => thrown(undefined)],
  ['throws a refusal', () => thrown(new Refusal('not_found', undefined, 'canary'))],
];
const LATER: typeof AT_ONCE = [
  ['rejects', () => Promise.reject(new Error('canary'))],
  ['rejects with null', () => Promise.reject(null as unknown as Error)],
  ['rejects a turn later', () => later(() => thrown(new Error('canary')))],
];

const ANSWERS: Record<Port, [string, string, number]> = {
  extract: ['unavailable', 'extractor_failed', 503],
  verify: ['token_invalid', 'verifier_failed', 401],
  join: ['unavailable', 'policy_failed', 503],
  publish: ['unavailable', 'policy_failed', 503],
  hold: ['engine_unavailable', 'engine_unavailable', 503],
};

const CASES = (Object.keys(ANSWERS) as Port[]).flatMap((port) =>
  // An extractor answers at once: there is no later for it to fail in.
  (port === 'extract' ? AT_ONCE : [...AT_ONCE, ...LATER]).map(([how, fail]) => ({
    port,
    how,
    fail,
  })),
);

describe('Admission, when something fails behind the door', () => {
  it.each(CASES)('refuses when $port $how', async ({ port, fail }) => {
    const verdict = await new Door({ [port]: fail } as Behind).knock();
    const [code, reason, status] = ANSWERS[port];
    expect(verdict).toBeInstanceOf(Refusal);
    expect(verdict).toMatchObject({ code, reason, row: { status } });
    expect(JSON.stringify(verdict)).not.toContain('canary');
  });

  it.each([
    ['key', 'key', undefined],
    ['revoked_key', 'verifier_refused', 'revoked_key'],
    ['constructor', 'verifier_refused', 'constructor'],
    ['line\nline\u2028é', 'verifier_refused', 'line?line??'],
    ['x'.repeat(1_000), 'verifier_refused', 'x'.repeat(64)],
    [{ toString: () => thrown('canary') } as unknown as string, 'verifier_refused', 'object'],
  ])('hands on the reason %j that a verifier gives as %s', async (given, reason, remark) => {
    const verify = (): never => thrown(new TokenRefusedError(given));
    expect(await new Door({ verify }).knock()).toMatchObject({
      code: 'token_invalid',
      reason,
      remark,
    });
  });

  it.each([undefined, null, '', 7, true, {}, ['a.b.c'], Promise.resolve(true)])(
    'takes %p from an extractor for a failure or no token, never for one',
    async (answer) => {
      const door = new Door({ extract: () => answer });
      expect(await door.knock()).toBeInstanceOf(Refusal);
      expect(door.steps).toEqual(['extract']);
    },
  );

  it('hands on the refusal of an extractor', async () => {
    const refusal = new Refusal('no_token', 'extractor_failed');
    expect(await new Door({ extract: () => refusal }).knock()).toBe(refusal);
  });

  it.each([undefined, null, true, 7, 'alice', [], {}, () => ({ sub: 'alice' })])(
    'takes %p from a verifier for no claims',
    async (answer) => {
      expect(await new Door({ verify: () => answer }).knock()).toMatchObject({
        code: 'token_invalid',
      });
    },
  );

  it.each([undefined, null, 1, 'yes', {}, [], new Boolean(true), Promise.resolve('true')])(
    'takes %p from a policy for no',
    async (answer) => {
      expect(await new Door({ join: () => answer }).knock()).toMatchObject({
        code: 'room_forbidden',
      });
      const listener = (await new Door({ publish: () => answer }).knock()) as Admitted;
      expect(listener.rights).toMatchObject({ publish: false });
    },
  );

  it('waits for answers that come later', async () => {
    const release = (): void => undefined;
    const door = new Door();
    const slow = new Door({
      verify: () => later(() => door.claims()),
      join: () => later(() => true),
      publish: () => later(() => true),
      hold: () => later(() => release),
    });
    expect(await slow.knock()).toMatchObject({ rights: { publish: true }, release });
    expect(slow.steps.map((step) => step.split(' ')[0])).toEqual([
      'verify',
      'join',
      'publish',
      'hold',
    ]);
  });
});

function later(run: () => unknown): Promise<unknown> {
  return new Promise((resolve) => setImmediate(resolve)).then(run);
}

function thrown(what: unknown): never {
  throw what;
}
