import type { RoomgateModuleExtras } from '../../src/module/providers.js';
import type { RoomgateModuleOptions } from '../../src/module/options.js';
import { TokenVerifier } from '../../src/admission/token-verifier.js';
import { setEnv } from '../support/env.js';
import { failedBoot } from '../support/failed-boot.js';
import { ecPair } from '../support/key-ring.js';

const { publicKey } = ecPair();
const ISSUER = {
  issuer: 'https://id.test',
  audience: 'chat',
  algorithms: ['ES256' as const],
  keys: [publicKey],
};
const GOOD = { issuers: [ISSUER] };

class OwnVerifier extends TokenVerifier {
  verify(): never {
    throw new Error('never asked');
  }
}

const boot = (
  others: RoomgateModuleOptions & RoomgateModuleExtras = {},
): ReturnType<typeof failedBoot> => failedBoot({ roomgate: { ...GOOD, ...others } });

/** What strict mode refuses at boot, and what it says. */
const UNSAFE: [string, RoomgateModuleOptions, RegExp][] = [
  [
    'an issuer without audience',
    { issuers: [{ ...ISSUER, audience: undefined }] },
    /^"audience" of issuer "https:\/\/id\.test" is required unless NODE_ENV is/,
  ],
  [
    'the development issuer',
    { issuers: [{ ...ISSUER, issuer: 'urn:roomgate:dev' }] },
    /^Development keys \(issuer urn:roomgate:dev or/,
  ],
  [
    'a development key',
    { issuers: [{ ...ISSUER, keys: [{ kid: 'dev-1a2b', key: publicKey }] }] },
    /^Development keys \(issuer/,
  ],
];

describe.each([undefined, '', 'production', 'staging', 'Test'])('boot with NODE_ENV %p', (name) => {
  let restore: () => void;
  beforeEach(() => (restore = setEnv({ NODE_ENV: name })));
  afterEach(() => restore());

  it('comes up when nothing is missing', async () => {
    expect(await boot()).toBeUndefined();
  });

  it.each(UNSAFE)('refuses %s', async (_name, options, message) => {
    const failure = await boot(options);
    expect(failure).toMatchObject({ code: 'unsafe_options' });
    expect(failure?.message).toMatch(message);
  });
});

describe.each(['development', 'test'])('boot with NODE_ENV "%s"', (name) => {
  let restore: () => void;
  beforeEach(() => (restore = setEnv({ NODE_ENV: name })));
  afterEach(() => restore());

  it.each(UNSAFE)('comes up with %s', async (_name, options) => {
    expect(await boot(options)).toBeUndefined();
  });

  it.each<[string, object, string]>([
    [
      'an unknown option',
      { allowedHost: ['a'] },
      'Unknown option "allowedHost": did you mean "allowedHosts"? Known options: ',
    ],
    [
      'nonsense in an option',
      { maxTokenBytes: 1 },
      'Expected option "maxTokenBytes" to be an integer from 256 to 16384, got "1".',
    ],
    [
      'an audience that matches anything',
      { issuers: [{ ...ISSUER, audience: /./ }] },
      'Expected "audience" of issuer',
    ],
    [
      'a short secret',
      { issuers: [{ ...ISSUER, algorithms: ['HS256'], keys: [{ secret: 'short' }] }] },
      'has 5 bytes; at least 32',
    ],
  ])('refuses %s all the same', async (_name, options, message) => {
    expect((await boot(options))?.message).toContain(message);
  });

  it('refuses to let nobody in, unless a verifier of the app decides that', async () => {
    expect(await boot({ issuers: [] })).toEqual({
      code: 'unsafe_options',
      message:
        'Option "issuers" is empty and no "verifier" is given: nobody could get in. List at least one issuer with its keys.',
    });
    expect(await boot({ issuers: [], verifier: OwnVerifier })).toBeUndefined();
  });
});
