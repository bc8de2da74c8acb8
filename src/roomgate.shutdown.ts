import { Inject, Module, type OnModuleDestroy } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

/** Nest stops modules in ascending order of this number; the root module has 1. */
const STOPPED_FIRST = -1;

/**
 * Closes the connections before Nest destroys any provider of the app. In the order of imports a handler could
 * still run whose provider is gone, or another module (Apollo does so) could destroy the sockets without a goodbye.
 */
@Module({})
export class RoomgateShutdownModule implements OnModuleDestroy {
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
