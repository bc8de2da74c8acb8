import { type CanActivate, type DynamicModule, Injectable, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { RoomService } from '../../src/room/room.service.js';
import { ROOMGATE_OPTIONS } from '../../src/core/constants.js';
import { RoomgateModule } from '../../src/module/roomgate.module.js';
import type { RoomgateModuleOptions } from '../../src/module/options.js';
import { TestIssuer } from '../../src/toolkit/testing/test-issuer.js';
import { gateway } from '../support/made-gateways.js';
import { systemTestbed } from '../support/system-testbed.js';

const issuer = new TestIssuer();
const OPTIONS: RoomgateModuleOptions = { issuers: [issuer.options], realm: 'chat' };

@Injectable()
class Secrets {
  readonly realm = 'chat';
}

@Injectable()
class OptionsFactory {
  createRoomgateOptions(): Promise<RoomgateModuleOptions> {
    return Promise.resolve(OPTIONS);
  }
}

@Injectable()
class InjectedFactory {
  constructor(private readonly secrets: Secrets) {}

  createRoomgateOptions(): RoomgateModuleOptions {
    return { ...OPTIONS, realm: this.secrets.realm };
  }
}

@Module({
  providers: [Secrets, OptionsFactory, InjectedFactory],
  exports: [Secrets, OptionsFactory, InjectedFactory],
})
class ConfigurationModule {}

const imports = [ConfigurationModule];
const FORMS: [string, () => DynamicModule][] = [
  ['forRoot', () => RoomgateModule.forRoot(OPTIONS)],
  [
    'forRootAsync with useFactory',
    () => RoomgateModule.forRootAsync({ useFactory: () => OPTIONS }),
  ],
  [
    'forRootAsync with an asynchronous useFactory',
    () => RoomgateModule.forRootAsync({ useFactory: () => Promise.resolve(OPTIONS) }),
  ],
  [
    'forRootAsync with inject',
    () =>
      RoomgateModule.forRootAsync({
        imports,
        inject: [Secrets],
        useFactory: ({ realm }: Secrets) => ({ ...OPTIONS, realm }),
      }),
  ],
  ['forRootAsync with useClass', () => RoomgateModule.forRootAsync({ useClass: OptionsFactory })],
  [
    'forRootAsync with useClass and imports',
    () => RoomgateModule.forRootAsync({ imports, useClass: InjectedFactory }),
  ],
  [
    'forRootAsync with useExisting',
    () => RoomgateModule.forRootAsync({ imports, useExisting: OptionsFactory }),
  ],
];

describe('RoomgateModule', () => {
  it.each(FORMS)('.%s boots an app whose door works', async (_name, module) => {
    const testbed = await systemTestbed(
      { imports: [module()], providers: [gateway('Chat', '/:room')] },
      issuer,
    );
    const alice = await testbed.connectAs({ sub: 'alice' });
    expect(alice.hello.sub).toBe('alice');
    const { headers } = await testbed.expectRefused(401, 'no_token');
    expect(headers['www-authenticate']).toBe('Bearer realm="chat"');
    await testbed.close();
  });

  it.each(FORMS)('.%s gives out its options, resolved and frozen', async (_name, module) => {
    const compiled = await Test.createTestingModule({ imports: [module()] }).compile();
    const options = compiled.get<object>(ROOMGATE_OPTIONS, { strict: false });
    expect(options).toMatchObject({ realm: 'chat', maxStrikes: 10, strict: false });
    expect(Object.isFrozen(options)).toBe(true);
  });

  it.each<[string, () => DynamicModule]>([
    ['forRoot', () => RoomgateModule.forRoot({ relam: 'chat' } as never)],
    [
      'forRootAsync',
      () => RoomgateModule.forRootAsync({ useFactory: () => ({ relam: 'chat' }) as never }),
    ],
    [
      'forRootAsync, given extras too late',
      () =>
        RoomgateModule.forRootAsync({
          useFactory: () => ({ ...OPTIONS, policy: class {} }) as never,
        }),
    ],
  ])('.%s refuses what it does not know', async (_name, module) => {
    await expect(Test.createTestingModule({ imports: [module()] }).compile()).rejects.toMatchObject(
      {
        code: 'invalid_options',
        message: expect.stringMatching(
          /^Unknown option "(relam|policy)": did you mean "\w+"\? Known options: /,
        ) as string,
      },
    );
  });

  it('fails with the error of the factory', async () => {
    const error = new Error('The vault is sealed.');
    const module = RoomgateModule.forRootAsync({ useFactory: () => Promise.reject(error) });
    await expect(Test.createTestingModule({ imports: [module] }).compile()).rejects.toBe(error);
  });

  describe('is global by default', () => {
    @Injectable()
    class Job {
      constructor(readonly rooms: RoomService) {}
    }
    @Module({ providers: [Job] })
    class Feature {}

    it.each([
      ['forRoot', RoomgateModule.forRoot(OPTIONS)],
      ['forRootAsync', RoomgateModule.forRootAsync({ useFactory: () => OPTIONS })],
    ])('with %s', async (_name, module) => {
      const compiled = await Test.createTestingModule({ imports: [module, Feature] }).compile();
      expect(compiled.get(Job, { strict: false }).rooms).toBeInstanceOf(RoomService);
    });

    it.each([
      ['forRoot', RoomgateModule.forRoot({ ...OPTIONS, isGlobal: false })],
      ['forRootAsync', RoomgateModule.forRootAsync({ useFactory: () => OPTIONS, isGlobal: false })],
    ])('and not when it is told so, with %s', async (_name, module) => {
      const compiling = Test.createTestingModule({ imports: [module, Feature] }).compile();
      await expect(compiling).rejects.toThrow('RoomService');
    });
  });

  it('takes the ready-made gateway as an extra of both forms', async () => {
    for (const module of [
      RoomgateModule.forRoot({ ...OPTIONS, defaultGateway: '/chat/:room' }),
      RoomgateModule.forRootAsync({ useFactory: () => OPTIONS, defaultGateway: '/chat/:room' }),
    ]) {
      const testbed = await systemTestbed({ imports: [module] }, issuer);
      const alice = await testbed.connectAs();
      expect(await alice.request('echo', 'hi')).toMatchObject({ data: 'hi' });
      await testbed.close();
    }
  });

  describe('at boot', () => {
    class Doorman implements CanActivate {
      canActivate(): boolean {
        return true;
      }
    }
    const guard = { provide: APP_GUARD, useClass: Doorman };
    const linesOf = async (providers: object[]): Promise<string[]> => {
      const lines: string[] = [];
      const log = (line: string, context?: string): void => void lines.push(`${context}: ${line}`);
      const logger = { log, warn: log, error: log };
      const metadata = {
        imports: [RoomgateModule.forRoot(OPTIONS)],
        providers: providers as never,
      };
      const testbed = await systemTestbed(metadata, issuer, logger);
      await testbed.close();
      return lines.filter((line) => line.startsWith('Roomgate: Global guards'));
    };

    it('names the global guards that will see messages', async () => {
      const Chat = gateway('Chat', '/:room');
      expect(await linesOf([Chat, guard])).toEqual([
        "Roomgate: Global guards also see WebSocket messages (context.getType() === 'ws'): Doorman.",
      ]);
    });

    it('says nothing of guards when there are none, or nothing to guard', async () => {
      expect(await linesOf([gateway('Chat', '/:room')])).toEqual([]);
      expect(await linesOf([guard])).toEqual([]);
    });
  });
});
