import {
  ConfigurableModuleBuilder,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Clock, SystemClock } from '../core/clock.js';
import { ROOM_PUBLISHER_OPTIONS, ROOMGATE_OPTIONS } from '../core/constants.js';
import { RoomgateError } from '../core/errors.js';
import { type EngineSink, RoomEngine } from '../room/engine/engine.js';
import { History } from '../room/history.js';
import { NO_CONNECTIONS, Orders, OrderSender } from '../room/orders.js';
import { RoomPublisher } from '../room/room.service.js';
import { SettingsOfRooms } from '../room/room-settings.js';
import { TimelyEngine } from '../room/timely-engine.js';
import { resolvePublisherOptions, type RoomPublisherOptions } from './options.js';

/** What shapes the module itself: the same for `forRoot` and `forRootAsync`. */
export interface RoomPublisherExtras {
  /** Makes `RoomPublisher` injectable everywhere. Default true. */
  isGlobal?: boolean;
  /** What carries publications: the engine that the nodes have. Required. */
  engine?: Type<RoomEngine>;
}

const EXTRAS: RoomPublisherExtras = { isGlobal: true, engine: undefined };

/** A process without members has nothing to deliver. */
const DEAF: EngineSink = {
  deliver: () => undefined,
  interrupted: () => undefined,
  presence: () => undefined,
};

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<RoomPublisherOptions>({
  moduleName: 'RoomPublisher',
  optionsInjectionToken: ROOM_PUBLISHER_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createRoomPublisherOptions')
  .setExtras(EXTRAS, (definition, { isGlobal, engine }) => ({
    ...definition,
    global: isGlobal,
    providers: [...(definition.providers ?? []), ...provide(engine)],
    exports: [...(definition.exports ?? []), RoomPublisher, RoomEngine],
  }))
  .build();

/**
 * Publishes to rooms that other processes serve, without sockets, adapter or gateways:
 * `imports: [RoomPublisherModule.forRoot({ rooms: { orders: { history: true } }, engine })]`.
 */
@Module({})
export class RoomPublisherModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnApplicationShutdown
{
  /** @throws RoomgateError `invalid_options` in an app that has RoomgateModule. */
  constructor(
    private readonly engine: RoomEngine,
    modules: ModulesContainer,
  ) {
    super();
    if ([...modules.values()].some(({ providers }) => providers.has(ROOMGATE_OPTIONS)))
      throw new RoomgateError(
        'invalid_options',
        'This app has RoomgateModule, whose RoomService does all that RoomPublisher does: leave RoomPublisherModule out.',
      );
  }

  async onModuleInit(): Promise<void> {
    await this.engine.start(DEAF);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.engine.stop();
  }
}

function provide(engine: Type<RoomEngine> | undefined): Provider[] {
  if (!engine)
    throw new RoomgateError(
      'invalid_options',
      'RoomPublisherModule needs the "engine" of the nodes: nobody would hear what is published to another one.',
    );
  return [
    { provide: Clock, useClass: SystemClock },
    { provide: RoomEngine, useClass: engine },
    {
      provide: RoomPublisher,
      useFactory: createPublisher,
      inject: [ROOM_PUBLISHER_OPTIONS, RoomEngine, Clock],
    },
  ];
}

function createPublisher(
  given: RoomPublisherOptions,
  carrier: RoomEngine,
  clock: Clock,
): RoomPublisher {
  const options = resolvePublisherOptions(given);
  const { verdictDeadlineMs: deadlineMs } = options;
  const engine = new TimelyEngine(carrier, clock, deadlineMs);
  const settings = new SettingsOfRooms(options);
  const history = new History(engine, settings);
  const orders = new Orders(NO_CONNECTIONS, new OrderSender({ engine, clock, deadlineMs }));
  const publisher = new RoomPublisher({ engine, settings, history, orders });
  publisher.addNames(Object.keys(options.rooms));
  return publisher;
}
