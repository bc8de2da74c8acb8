import type { DynamicModule } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { roomgateConfig, withRoomgateEnv } from '../../src/module/config.js';
import { ROOMGATE_OPTIONS } from '../../src/core/constants.js';
import { RoomgateModule } from '../../src/module/roomgate.module.js';
import { TestIssuer } from '../../src/toolkit/testing/test-issuer.js';
import { setEnv } from '../support/env.js';
import { gateway } from '../support/made-gateways.js';
import { systemTestbed } from '../support/system-testbed.js';
import { TempFiles } from '../support/temp-files.js';

const issuer = new TestIssuer();
const PEM = issuer.options.keys[0] as string;
const ENV = {
  ROOMGATE_ISSUER: issuer.issuer,
  ROOMGATE_AUDIENCE: issuer.audience,
  ROOMGATE_ALGORITHMS: 'ES256',
  ROOMGATE_REALM: 'from the environment',
};

/** A host's schema as zod makes them: knows PORT, turns it into a number and drops what it does not know. */
const hostSchema: StandardSchemaV1 = {
  '~standard': {
    version: 1,
    vendor: 'host',
    validate: async (value) => {
      const { PORT } = value as Record<string, string>;
      await Promise.resolve();
      return /^\d+$/.test(PORT ?? '')
        ? { value: { PORT: Number(PORT) } }
        : { issues: [{ message: 'PORT must be a number', path: ['PORT'] }] };
    },
  },
};

describe('roomgateConfig under ConfigModule', () => {
  const files = new TempFiles();
  const keyFile = files.write('public.pem', PEM);
  const roomgate = (): DynamicModule => RoomgateModule.forRootAsync(roomgateConfig.asProvider());
  const config = (schema?: StandardSchemaV1, envFilePath?: string): Promise<DynamicModule> =>
    ConfigModule.forRoot({
      isGlobal: true,
      validationSchema: withRoomgateEnv(schema),
      ...(envFilePath ? { envFilePath } : { ignoreEnvFile: true }),
    });
  let restore: () => void = () => undefined;
  afterEach(() => restore());
  afterAll(() => files.remove());

  it.each<[string, Record<string, string>]>([
    ['a key', { ROOMGATE_PUBLIC_KEY: PEM }],
    ['a key in one line', { ROOMGATE_PUBLIC_KEY: PEM.replaceAll('\n', '\\n') }],
    ['a key file', { ROOMGATE_PUBLIC_KEY_FILE: keyFile }],
  ])('boots an app whose door works from variables with %s', async (_name, key) => {
    restore = setEnv({ ...ENV, ...key });
    const providers = [gateway('Chat', '/:room')];
    const testbed = await systemTestbed(
      { imports: [await config(), roomgate()], providers },
      issuer,
    );
    expect((await testbed.connectAs({ sub: 'alice' })).hello.sub).toBe('alice');
    const { headers } = await testbed.expectRefused(401, 'no_token');
    expect(headers['www-authenticate']).toBe('Bearer realm="from the environment"');
    await testbed.close();
  });

  it('boots an app in strict mode when the variables say enough', async () => {
    restore = setEnv({ ...ENV, ROOMGATE_PUBLIC_KEY_FILE: keyFile, NODE_ENV: 'production' });
    const boot = async (): Promise<object> => {
      const imports = [await config(), roomgate()];
      const compiled = await Test.createTestingModule({ imports }).compile();
      return compiled.get<object>(ROOMGATE_OPTIONS, { strict: false });
    };
    expect(await boot()).toMatchObject({ strict: true, allowedHosts: [] });
    process.env['ROOMGATE_ALLOWED_HOSTS'] = 'chat.test';
    expect(await boot()).toMatchObject({ strict: true, allowedHosts: ['chat.test'] });
  });

  it('reads an .env file, and keeps its variables when the host has a schema that drops them', async () => {
    restore = setEnv({ PORT: undefined });
    const lines = Object.entries({ ...ENV, ROOMGATE_PUBLIC_KEY_FILE: keyFile, PORT: '3000' });
    const path = files.write('.env', lines.map(([name, value]) => `${name}="${value}"`).join('\n'));
    const imports = [await config(hostSchema, path), roomgate()];
    const compiled = await Test.createTestingModule({ imports }).compile();
    expect(compiled.get(ROOMGATE_OPTIONS, { strict: false })).toMatchObject({
      realm: 'from the environment',
      issuers: [{ issuer: issuer.issuer }],
    });
    expect(compiled.get(ConfigService, { strict: false }).get('PORT')).toBe(3000);
  });

  it('works with load as well, and under its name in ConfigService', async () => {
    restore = setEnv({ ...ENV, ROOMGATE_PUBLIC_KEY: PEM });
    const loading = ConfigModule.forRoot({ ignoreEnvFile: true, load: [roomgateConfig] });
    const compiled = await Test.createTestingModule({ imports: [loading, roomgate()] }).compile();
    expect(compiled.get(ConfigService, { strict: false }).get('roomgate.realm')).toBe(
      'from the environment',
    );
  });

  it.each<[string, Record<string, string>, string]>([
    [
      'of roomgate that is wrong',
      { PORT: '3000', ROOMGATE_MAX_STRIKES: 'ten' },
      'Expected ROOMGATE_MAX_STRIKES to be an integer from 1 to 1000000, got "ten".',
    ],
    ['of the host that is wrong', { PORT: 'x' }, 'PORT must be a number'],
    [
      'that is missing beside another',
      { PORT: '3000', ROOMGATE_SECRET: 'canary' },
      'ROOMGATE_SECRET is set, but ROOMGATE_ISSUER is not.',
    ],
  ])('names a variable %s', async (_name, env, message) => {
    restore = setEnv(env);
    const failure = await config(hostSchema).catch((error: Error) => error.message);
    expect(failure).toContain(message);
    expect(failure).not.toContain('canary');
  });

  it('says what is wrong also when the host validates nothing', async () => {
    restore = setEnv({ ROOMGATE_MAX_STRIKES: 'ten' });
    const imports = [ConfigModule.forRoot({ ignoreEnvFile: true }), roomgate()];
    await expect(Test.createTestingModule({ imports }).compile()).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('ROOMGATE_MAX_STRIKES') as string,
    });
  });
});
