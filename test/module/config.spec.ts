import { randomBytes } from 'node:crypto';
import { loadIssuers } from '../../src/admission/issuer.js';
import type { VerificationKey } from '../../src/admission/verification-key.js';
import {
  ENV_VARIABLES,
  readEnv,
  roomgateConfig,
  withRoomgateEnv,
} from '../../src/module/config.js';
import { refused } from '../support/caught.js';
import { setEnv } from '../support/env.js';
import { ecPair, toPem } from '../support/key-ring.js';
import { TempFiles } from '../support/temp-files.js';

type Env = Readonly<Record<string, string | undefined>>;

const { publicKey } = ecPair();
const PEM = toPem(publicKey);
const SECRET = 'canary-canary-canary-canary-canary';
const ES = {
  ROOMGATE_ISSUER: 'https://id.test',
  ROOMGATE_AUDIENCE: 'chat',
  ROOMGATE_ALGORITHMS: 'ES256',
};
const HS = { ...ES, ROOMGATE_ALGORITHMS: 'HS256' };

describe('readEnv', () => {
  const files = new TempFiles();
  const pemFile = files.write('public.pem', PEM);
  const secretFile = files.write('secret', `${SECRET}\n`);
  const emptyFile = files.write('empty', '');
  afterAll(() => files.remove());

  const issuerOf = (env: Env): unknown => readEnv(env).issuers?.[0];
  const problem = (env: Env): string | undefined => refused(() => readEnv(env))?.message;

  it('sets nothing when nothing is set', () => {
    expect(readEnv({})).toEqual({});
    expect(readEnv(Object.fromEntries(ENV_VARIABLES.map(({ name }) => [name, ''])))).toEqual({});
    expect(readEnv({ ROOMGATE_UNKNOWN: '', PATH: 'y' })).toEqual({});
  });

  it.each([
    ['ROOMGATE_MAX_MESAGE_BYTES', 'ROOMGATE_MAX_MESSAGE_BYTES'],
    ['ROOMGATE_ISUER', 'ROOMGATE_ISSUER'],
    ['ROOMGATE_ISSUERS', 'ROOMGATE_ISSUER'],
    ['ROOMGATE_SECRETFILE', 'ROOMGATE_SECRET_FILE'],
    ['ROOMGATE_AUDIENCES', 'ROOMGATE_AUDIENCE'],
    ['ROOMGATE_ALLOWED_ORIGIN', 'ROOMGATE_ALLOWED_ORIGINS'],
    ['roomgate_issuer', 'ROOMGATE_ISSUER'],
    ['Roomgate_Max_Strikes', 'ROOMGATE_MAX_STRIKES'],
  ])('refuses the unknown variable %s with the nearest name', (name, nearest) => {
    const message = `Unknown variable "${name}": did you mean "${nearest}"? Expected a ROOMGATE_* variable of docs/configuration.md; correct its name, or remove it.`;
    expect(refused(() => readEnv({ [name]: SECRET }))).toEqual({
      code: 'invalid_options',
      message,
    });
    expect(withRoomgateEnv()['~standard'].validate({ [name]: SECRET })).toEqual({
      issues: [{ message }],
    });
  });

  it.each([
    'ROOMGATE_TOKEN',
    'ROOMGATE_SERVICE_HOST',
    'ROOMGATE_SERVICE_PORT',
    'ROOMGATE_SERVICE_PORT_HTTP',
    'ROOMGATE_PORT',
    'ROOMGATE_PORT_3000_TCP',
    'ROOMGATE_PORT_3000_TCP_ADDR',
    'ROOMGATE_REDIS_SERVICE_HOST',
    'ROOMGATE_REDIS_PORT_6379_TCP_PROTO',
    'ROOMGATEWAY_URL',
  ])('leaves alone %s, which is for others', (name) => {
    expect(readEnv({ [name]: 'x' })).toEqual({});
  });

  it.each<[string, Env, object]>([
    ['a public key', { ...ES, ROOMGATE_PUBLIC_KEY: PEM }, { key: PEM }],
    [
      'a public key in one line',
      { ...ES, ROOMGATE_PUBLIC_KEY: PEM.replaceAll('\n', '\\n') },
      { key: PEM },
    ],
    ['a public key in a file', { ...ES, ROOMGATE_PUBLIC_KEY_FILE: pemFile }, { key: PEM }],
    ['a secret', { ...HS, ROOMGATE_SECRET: SECRET }, { secret: SECRET }],
    [
      'a secret in a file, without its line break',
      { ...HS, ROOMGATE_SECRET_FILE: secretFile },
      { secret: Buffer.from(SECRET) },
    ],
    [
      'a key file beside an empty key',
      { ...ES, ROOMGATE_PUBLIC_KEY: '', ROOMGATE_SECRET: '', ROOMGATE_PUBLIC_KEY_FILE: pemFile },
      { key: PEM },
    ],
    [
      'a secret file beside an empty secret',
      { ...HS, ROOMGATE_SECRET: '', ROOMGATE_PUBLIC_KEY: '', ROOMGATE_SECRET_FILE: secretFile },
      { secret: Buffer.from(SECRET) },
    ],
  ])('makes an issuer of %s', (_name, env, key) => {
    const algorithms = [env['ROOMGATE_ALGORITHMS']];
    expect(readEnv(env).issuers).toEqual([
      { issuer: 'https://id.test', audience: ['chat'], algorithms, keys: [key] },
    ]);
    expect(loadIssuers(readEnv(env).issuers ?? [], true).size).toBe(1);
  });

  const random = randomBytes(31);
  it.each<[string, Buffer | string, Buffer | string]>([
    [
      'random bytes',
      Buffer.concat([random, Buffer.of(0x80)]),
      Buffer.concat([random, Buffer.of(0x80)]),
    ],
    [
      'bytes that end like text',
      Buffer.alloc(33, 0xff).fill(0x0a, 32),
      Buffer.alloc(33, 0xff).fill(0x0a, 32),
    ],
    [
      'bytes that end like a text of Windows',
      Buffer.concat([Buffer.alloc(32, 0xfe), Buffer.from('\r\n')]),
      Buffer.concat([Buffer.alloc(32, 0xfe), Buffer.from('\r\n')]),
    ],
    ['NUL bytes and a line break', `${'\0'.repeat(32)}\n`, `${'\0'.repeat(32)}\n`],
    ['nothing but line breaks', '\n'.repeat(33), '\n'.repeat(32)],
    [
      'bytes that decoding would mend',
      Buffer.concat([Buffer.from('\ufeff'), Buffer.alloc(32, 0xee)]),
      Buffer.concat([Buffer.from('\ufeff'), Buffer.alloc(32, 0xee)]),
    ],
    ['text', SECRET, SECRET],
    ['text and a line break', `${SECRET}\n`, SECRET],
    ['text and a line break of Windows', `${SECRET}\r\n`, SECRET],
    ['text and two line breaks', `${SECRET}\n\n`, `${SECRET}\n`],
    ['text between spaces', ` ${SECRET} \n`, ` ${SECRET} `],
    ['text and a lone carriage return', `${SECRET}\r`, `${SECRET}\r`],
    ['text behind a byte order mark', `\ufeff${SECRET}\n`, `\ufeff${SECRET}`],
    ['text of other letters', `${'ключ'.repeat(8)}\n`, 'ключ'.repeat(8)],
    ['hexadecimal digits, which are not decoded', `${'0f'.repeat(32)}\n`, '0f'.repeat(32)],
    ['base64, which is not decoded', `${'A+/='.repeat(12)}\n`, 'A+/='.repeat(12)],
    ['a brace that begins no JSON', `{${SECRET}\n`, `{${SECRET}`],
  ])('signs with the bytes of a secret file that has %s', (_name, content, used) => {
    const [key] = loaded({ ...HS, ROOMGATE_SECRET_FILE: files.write('bytes', content) });
    expect(key?.key.export()).toEqual(Buffer.from(used));
  });

  const loaded = (env: Env): readonly VerificationKey[] =>
    loadIssuers(readEnv(env).issuers ?? [], true).get('https://id.test')?.keys ?? [];
  const jwk = publicKey.export({ format: 'jwk' });
  const oct = { kty: 'oct', kid: 'of the jwk', k: Buffer.from(SECRET).toString('base64url') };

  it.each<[string, string]>([
    ['PEM behind a byte order mark', `\ufeff${PEM}`],
    ['PEM with the line breaks of Windows', PEM.replaceAll('\n', '\r\n')],
    ['a JWK', JSON.stringify(jwk)],
    ['a JWK behind a byte order mark', `\ufeff\n${JSON.stringify(jwk, undefined, 2)}\n`],
    ['a JWK Set', JSON.stringify({ keys: [jwk] })],
    [
      'a JWK Set with a key for encryption',
      JSON.stringify({ keys: [{ ...jwk, use: 'enc' }, jwk] }),
    ],
  ])('reads a public key from %s', (_name, content) => {
    const path = files.write('key', content);
    const envs = [
      { ...ES, ROOMGATE_PUBLIC_KEY_FILE: path },
      { ...ES, ROOMGATE_PUBLIC_KEY: content },
    ];
    for (const env of envs) {
      const keys = loaded(env);
      expect(keys).toHaveLength(1);
      expect(keys[0]?.key.equals(publicKey)).toBe(true);
    }
  });

  it('reads every key of a JWK Set with its own kid', () => {
    const keys = [
      { ...jwk, kid: 'a' },
      { ...jwk, kid: 'b', use: 'sig' },
    ];
    const env = { ...ES, ROOMGATE_PUBLIC_KEY_FILE: files.write('jwks', JSON.stringify({ keys })) };
    expect(loaded(env).map(({ kid }) => kid)).toEqual(['a', 'b']);
    expect(refused(() => loaded({ ...env, ROOMGATE_KEY_ID: 'c' }))?.message).toMatch(
      'have the same "kid" "c"',
    );
  });

  it('reads a secret from a JWK of type oct, which is not taken for text', () => {
    const path = files.write('oct', JSON.stringify(oct));
    for (const env of [{ ROOMGATE_SECRET_FILE: path }, { ROOMGATE_SECRET: JSON.stringify(oct) }]) {
      const [key] = loaded({ ...HS, ...env });
      expect([key?.kid, key?.key.export().toString()]).toEqual(['of the jwk', SECRET]);
    }
  });

  it.each<[string, Env, string]>([
    [
      'a public JWK as a secret',
      { ROOMGATE_SECRET: JSON.stringify(jwk) },
      'Expected the secret of',
    ],
    [
      'an oct JWK as a public key',
      { ROOMGATE_PUBLIC_KEY: JSON.stringify(oct) },
      'is a secret; give',
    ],
    [
      'a JWK for encryption',
      { ROOMGATE_PUBLIC_KEY: JSON.stringify({ ...jwk, use: 'enc' }) },
      'has "use" "enc"',
    ],
    [
      'a set of keys for encryption',
      { ROOMGATE_PUBLIC_KEY: JSON.stringify({ keys: [{ use: 'enc' }] }) },
      'a list of 1 to 16 keys',
    ],
    ['a set of nothing', { ROOMGATE_PUBLIC_KEY: '{"keys":[null]}' }, 'could not be read'],
    [
      'a private JWK',
      { ROOMGATE_PUBLIC_KEY: JSON.stringify({ ...jwk, d: 'canary' }) },
      'is a private key',
    ],
    ['JSON that is no key', { ROOMGATE_PUBLIC_KEY: '{"a":1}' }, 'could not be read'],
    [
      'text that lost bytes',
      { ROOMGATE_SECRET: '\ufffd'.repeat(32) },
      'has lost bytes in decoding',
    ],
  ])('refuses %s in a sentence that does not quote it', (_name, env, sentence) => {
    const base = 'ROOMGATE_SECRET' in env ? HS : ES;
    const message = refused(() => loaded({ ...base, ...env }))?.message;
    expect(message).toContain(sentence);
    expect(message).not.toMatch(/canary|AAAA/);
  });

  it('refuses a secret whose bytes are too few, however many characters decoding makes of them', () => {
    const path = files.write('short', Buffer.alloc(31, 0xff));
    expect(refused(() => loaded({ ...HS, ROOMGATE_SECRET_FILE: path }))?.message).toMatch(
      'has 31 bytes; at least 32 are required for HS256',
    );
  });

  it('reads lists of audiences and algorithms, and the key id', () => {
    const env = {
      ...ES,
      ROOMGATE_AUDIENCE: 'chat, mail',
      ROOMGATE_ALGORITHMS: 'ES256 ,ES384',
      ROOMGATE_PUBLIC_KEY: PEM,
      ROOMGATE_KEY_ID: 'k1',
    };
    expect(issuerOf(env)).toMatchObject({
      audience: ['chat', 'mail'],
      algorithms: ['ES256', 'ES384'],
      keys: [{ kid: 'k1', key: PEM }],
    });
    expect(issuerOf({ ...env, ROOMGATE_KEY_ID: '' })).toMatchObject({ keys: [{ kid: undefined }] });
    expect(issuerOf({ ...env, ROOMGATE_AUDIENCE: '' })).not.toHaveProperty('audience');
  });

  it.each<[Env, string]>([
    [
      { ...ES, ROOMGATE_PUBLIC_KEY: PEM, ROOMGATE_SECRET: SECRET },
      'Set only one of ROOMGATE_PUBLIC_KEY and ROOMGATE_SECRET.',
    ],
    [
      { ...ES, ROOMGATE_PUBLIC_KEY: PEM, ROOMGATE_PUBLIC_KEY_FILE: 'x', ROOMGATE_SECRET_FILE: 'y' },
      'Set only one of ROOMGATE_PUBLIC_KEY and ROOMGATE_PUBLIC_KEY_FILE and ROOMGATE_SECRET_FILE.',
    ],
    [
      ES,
      'ROOMGATE_ISSUER is set, but none of ROOMGATE_PUBLIC_KEY, ROOMGATE_PUBLIC_KEY_FILE, ROOMGATE_SECRET, ROOMGATE_SECRET_FILE is.',
    ],
    [
      { ...HS, ROOMGATE_ISSUER: '', ROOMGATE_SECRET: SECRET },
      'ROOMGATE_AUDIENCE is set, but ROOMGATE_ISSUER is not.',
    ],
    [
      { ...ES, ROOMGATE_ALGORITHMS: '', ROOMGATE_PUBLIC_KEY: PEM },
      'ROOMGATE_PUBLIC_KEY is set, but ROOMGATE_ALGORITHMS is not: name what the issuer signs with, for example ES256.',
    ],
    [
      { ...ES, ROOMGATE_PUBLIC_KEY_FILE: '/nowhere/key.pem' },
      'ROOMGATE_PUBLIC_KEY_FILE names a file that cannot be read (ENOENT).',
    ],
    [
      { ...HS, ROOMGATE_SECRET_FILE: '/' },
      'ROOMGATE_SECRET_FILE names a file that cannot be read (EISDIR).',
    ],
  ])('refuses %p in a sentence', (env, message) => {
    expect(refused(() => readEnv(env))).toEqual({ code: 'invalid_options', message });
    expect(problem(env)).not.toContain('canary');
  });

  it.each<[string, Env, string]>([
    [
      'an unknown algorithm',
      { ...ES, ROOMGATE_ALGORITHMS: 'none', ROOMGATE_PUBLIC_KEY: PEM },
      'Expected "algorithms" of issuer',
    ],
    [
      'no algorithm but a comma',
      { ...ES, ROOMGATE_ALGORITHMS: ',', ROOMGATE_PUBLIC_KEY: PEM },
      'Expected "algorithms" of issuer',
    ],
    [
      'no audience but a comma',
      { ...ES, ROOMGATE_AUDIENCE: ',', ROOMGATE_PUBLIC_KEY: PEM },
      'Expected "audience" of issuer',
    ],
    ['a short secret', { ...HS, ROOMGATE_SECRET: 'canary' }, 'has 6 bytes; at least 32'],
    [
      'an empty secret file',
      { ...HS, ROOMGATE_SECRET_FILE: emptyFile },
      'has 0 bytes; at least 32',
    ],
    [
      'an empty key file',
      { ...ES, ROOMGATE_PUBLIC_KEY_FILE: emptyFile },
      'could not be read as a PEM public key',
    ],
    [
      'a public key as a secret',
      { ...HS, ROOMGATE_SECRET: PEM },
      'is a PEM key, which is no shared secret',
    ],
    [
      'a secret as a public key',
      { ...ES, ROOMGATE_PUBLIC_KEY: SECRET },
      'could not be read as a PEM public key',
    ],
  ])('leaves %s to the issuer, who refuses it', (_name, env, sentence) => {
    const refusal = refused(() => loadIssuers(readEnv(env).issuers ?? [], true));
    expect(refusal?.message).toContain(sentence);
    expect(refusal?.message).not.toContain('canary');
  });
});

describe('roomgateConfig', () => {
  it('reads the environment when it is asked, under the name roomgate', () => {
    const restore = setEnv({ ROOMGATE_REALM: 'chat' });
    expect(roomgateConfig()).toMatchObject({ realm: 'chat' });
    restore();
    expect(roomgateConfig()).toEqual({});
    expect(roomgateConfig.KEY).toBe('CONFIGURATION(roomgate)');
  });
});

describe('withRoomgateEnv', () => {
  it('is a Standard Schema that hands the environment on', async () => {
    const { validate, ...standard } = withRoomgateEnv()['~standard'];
    expect(standard).toEqual({ version: 1, vendor: 'nestjs-roomgate' });
    const env = { PORT: '3000', ROOMGATE_REALM: 'chat' };
    expect(await validate(env)).toEqual({ value: env });
  });

  it('names the variable that is wrong', async () => {
    const result = await withRoomgateEnv()['~standard'].validate({ ROOMGATE_HIDE_ROOMS: 'yes' });
    expect(result).toEqual({
      issues: [{ message: 'Expected ROOMGATE_HIDE_ROOMS to be true or false, got "yes".' }],
    });
  });
});
