import { ConfigurableModuleBuilder, Logger, Module } from '@nestjs/common';
import { SystemClock } from '../core/clock.js';
import { attempt } from '../core/errors.js';
import { checkSafety } from './network/require-redis-auth.js';
import type { RedisOptions } from './redis-options.js';
import { SCRIPTS } from './scripts/index.js';
import { RedisStore } from './store.js';

/** Injection key of the options of `RoomgateRedisModule`. */
const ROOMGATE_REDIS_OPTIONS = Symbol('ROOMGATE_REDIS_OPTIONS');

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<RedisOptions>({
  moduleName: 'RoomgateRedis',
  optionsInjectionToken: ROOMGATE_REDIS_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createRoomgateRedisOptions')
  .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({
    ...definition,
    global: isGlobal,
  }))
  .build();

/**
 * Where `RedisEngine` and `RedisRevocationStore` find Redis: import it beside `RoomgateModule.forRoot({ engine: RedisEngine,
 * revocationStore: RedisRevocationStore })`. It is global unless told otherwise.
 */
@Module({
  providers: [
    {
      provide: RedisStore,
      useFactory: (options: RedisOptions): RedisStore => {
        checkSafety(options.client);
        const warn = (line: string): void => attempt(() => new Logger('Roomgate').warn(line));
        return new RedisStore(options, new SystemClock(), SCRIPTS, warn);
      },
      inject: [ROOMGATE_REDIS_OPTIONS],
    },
  ],
  exports: [RedisStore],
})
export class RoomgateRedisModule extends ConfigurableModuleClass {}
