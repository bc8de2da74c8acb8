import { Global, Module } from '@nestjs/common';
import { JwtModule, type JwtModuleOptions, JwtService } from '@nestjs/jwt';
import { createRoomgateTestbed, type RoomgateTestbed } from '../../src/toolkit/testing/testbed.js';
import { TestIssuer } from '../../src/toolkit/testing/test-issuer.js';
import { secretKey } from '../support/key-ring.js';
import { gateway } from '../support/made-gateways.js';
import { signToken } from '../support/sign-token.js';

const secret = secretKey();
const host = new TestIssuer();
const hostKey = host.options.keys[0] as string;

/** Options of a JwtModule of the app, each of which would win over ours if its JwtService were used. */
const HOSTILE: [string, JwtModuleOptions][] = [
  ['a secret', { secret: secret.export() }],
  ['a public key', { publicKey: hostKey }],
  ['a provider of keys', { secretOrKeyProvider: () => hostKey }],
  ['a provider of secrets', { secretOrKeyProvider: () => secret.export() }],
  ['ignoreExpiration', { verifyOptions: { ignoreExpiration: true, ignoreNotBefore: true } }],
  ['no audience', { verifyOptions: { audience: undefined } }],
  ['an audience that matches anything', { verifyOptions: { audience: /./, issuer: undefined } }],
  ['an audience of its own', { verifyOptions: { audience: 'mail' } }],
  ['an issuer of its own', { verifyOptions: { issuer: 'https://host.test' } }],
  ['other algorithms', { verifyOptions: { algorithms: ['none', 'HS256'] } }],
  ['a complete answer', { verifyOptions: { complete: true } }],
  ['a clock of its own', { verifyOptions: { clockTimestamp: 1, clockTolerance: 1e9 } }],
  ['a maximum age', { verifyOptions: { maxAge: '0s' } }],
  ['a nonce', { verifyOptions: { nonce: 'canary' } }],
];

/** Believes everything. */
@Global()
@Module({
  providers: [{ provide: JwtService, useValue: { verify: () => ({ sub: 'admin' }) } }],
  exports: [JwtService],
})
class GullibleModule {}

const modules = [
  ...HOSTILE.map(
    ([name, options]) => [name, JwtModule.register({ global: true, ...options })] as const,
  ),
  ['a JwtService that believes everything', GullibleModule] as const,
];

describe.each(modules)('beside a JwtModule of the app with %s', (_name, module) => {
  let testbed: RoomgateTestbed;
  beforeAll(async () => {
    testbed = await createRoomgateTestbed({
      imports: [module],
      providers: [gateway('Chat', '/:room')],
    });
  });
  afterAll(() => testbed.close());

  const claims = (): object => {
    const nowS = testbed.clock.now() / 1_000;
    const { issuer, audience } = testbed.issuer;
    return { iss: issuer, aud: audience, sub: 'admin', iat: nowS, exp: nowS + 60 };
  };

  it('a good token opens the door', async () => {
    expect((await testbed.connectAs({ sub: 'alice' })).hello.sub).toBe('alice');
  });

  it.each<[string, string, () => string]>([
    ['has expired', 'token_expired', () => testbed.mint({ ttlMs: -6_000 })],
    [
      'is not valid yet',
      'token_not_yet_valid',
      () => testbed.mint({ claims: { nbf: testbed.clock.now() / 1_000 + 60 } }),
    ],
    ['is meant for others', 'token_invalid', () => testbed.mint({ claims: { aud: 'mail' } })],
    [
      'is issued by others',
      'token_invalid',
      () => testbed.mint({ claims: { iss: 'https://host.test' } }),
    ],
    ['is for refreshing', 'token_invalid', () => testbed.issuer.mint({}, { typ: 'refresh+jwt' })],
    [
      'is signed with the secret of the app',
      'token_invalid',
      () => signToken({ alg: 'HS256', typ: 'JWT' }, claims(), secret),
    ],
    [
      'is signed with the key of the app',
      'token_invalid',
      () => host.sign({ alg: 'ES256', typ: 'JWT' }, claims()),
    ],
  ])('a token that %s does not', async (_what, code, token) => {
    await testbed.expectRefused(401, code, { token: token() });
  });
});
