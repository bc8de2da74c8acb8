import {
  ConfigurableModuleBuilder,
  Inject,
  Logger,
  Module,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { ApplicationConfig, ModuleRef, ModulesContainer } from '@nestjs/core';
import { backChannelLogoutController } from '../adapter/back-channel-logout.controller.js';
import type { AdapterPorts } from '../adapter/ports.js';
import { RoomgateAdapter } from '../adapter/roomgate.adapter.js';
import { ROOMGATE_ADAPTER_PORTS, ROOMGATE_MODULE_OPTIONS } from '../core/constants.js';
import { RoomgateError } from '../core/errors.js';
import { sealAdapter } from '../gateway/nest-patches.js';
import { checkInstances, type PolicyRoute } from './gateway-scan.js';
import { RoomgateNode } from './node.js';
import type { RoomgateModuleOptions } from './options.js';
import { EXPORTS, EXTRAS, provideRoomgate } from './providers.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<RoomgateModuleOptions>({
  moduleName: 'Roomgate',
  optionsInjectionToken: ROOMGATE_MODULE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createRoomgateOptions')
  .setExtras(EXTRAS, (definition, extras) => ({
    ...definition,
    global: extras.isGlobal,
    imports: [...(definition.imports ?? []), RoomgateShutdownModule],
    providers: [
      ...(definition.providers ?? []),
      ...provideRoomgate(ROOMGATE_MODULE_OPTIONS, extras),
    ],
    controllers:
      extras.backChannelLogout === undefined
        ? []
        : [backChannelLogoutController(extras.backChannelLogout, extras.verifier)],
    exports: [...(definition.exports ?? []), ...EXPORTS],
  }))
  .build();

/** Provides the door, the guard and the rooms: `imports: [RoomgateModule.forRoot({ issuers: [...] })]`. */
@Module({})
export class RoomgateModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnApplicationShutdown
{
  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly config: ApplicationConfig,
    private readonly node: RoomgateNode,
    @Inject(ROOMGATE_ADAPTER_PORTS) private readonly ports: AdapterPorts,
  ) {
    super();
    // Without an adapter Nest looks for socket.io, and with the stock one nobody would be checked.
    const present: unknown = config.getIoAdapter();
    if (present instanceof RoomgateAdapter && !present.serves(ports)) refuseSecondImport();
    const refusal = (adapter: unknown): RoomgateError | undefined =>
      ports.routes.size > 0 && !(adapter instanceof RoomgateAdapter) ? otherAdapter() : undefined;
    const error = present ? refusal(present) : undefined;
    if (error) throw error;
    if (!present) config.setIoAdapter(new RoomgateAdapter(ports));
    sealAdapter(config, refusal);
  }

  async onModuleInit(): Promise<void> {
    const shutdown = this.moduleRef.get(RoomgateShutdownModule, { strict: false });
    shutdown.closeAll = () => this.node.drain.closeAll();
    for (const route of this.ports.routes.values() as Iterable<PolicyRoute>) {
      route.rules.resolve(this.moduleRef);
      checkInstances(route, this.moduleRef);
    }
    this.#tellGlobalGuards();
    await this.node.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.node.stop();
  }

  #tellGlobalGuards(): void {
    const guards = [
      ...this.config.getGlobalGuards(),
      ...this.config.getGlobalRequestGuards().map(({ instance }) => instance),
    ];
    if (guards.length === 0 || this.ports.routes.size === 0) return;
    const names = guards
      .map((guard) => (guard as object | undefined)?.constructor.name ?? 'a request-scoped guard')
      .join(', ');
    new Logger('Roomgate').log(
      `Global guards also see WebSocket messages (context.getType() === 'ws'): ${names}.`,
    );
  }
}

function otherAdapter(): RoomgateError {
  return new RoomgateError(
    'adapter_conflict',
    'Room gateways need RoomgateAdapter, but the app set another WebSocket adapter. Remove its app.useWebSocketAdapter(...): RoomgateModule installs its own.',
  );
}

/** Each import would have a door and rooms of its own, and a gateway only one of them. */
function refuseSecondImport(): never {
  throw new RoomgateError(
    'adapter_conflict',
    'RoomgateModule.forRoot is imported twice. Import it once, in the root module: it is global.',
  );
}

/** Nest stops modules in ascending order of this number; the root module has 1. */
const STOPPED_FIRST = -1;

/**
 * Closes the connections before Nest destroys any provider of the app. In the order of imports a handler could
 * still run whose provider is gone, or another module (Apollo does so) could destroy the sockets without a goodbye.
 */
@Module({})
class RoomgateShutdownModule implements OnModuleDestroy {
  /** Set when there is something to close. */
  closeAll: (() => Promise<void>) | undefined;

  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    for (const module of modules.values())
      if (module.metatype === RoomgateShutdownModule) module.distance = STOPPED_FIRST;
  }

  async onModuleDestroy(): Promise<void> {
    await this.closeAll?.();
  }
}
