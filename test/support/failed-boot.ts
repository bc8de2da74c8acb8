import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { RoomgateModule } from '../../src/module/roomgate.module.js';
import type { RoomgateModuleOptions } from '../../src/module/options.js';
import type { RoomgateModuleExtras } from '../../src/module/providers.js';
import { TestIssuer } from '../../src/toolkit/testing/test-issuer.js';

export interface Boot extends ModuleMetadata {
  roomgate?: RoomgateModuleOptions & RoomgateModuleExtras;
  /** Called before the app is initialised. */
  configure?: (app: INestApplication) => void;
}

/** Boots an app, closes it again and returns the failure, or undefined when it came up. */
export async function failedBoot(
  boot: Boot = {},
): Promise<{ code?: unknown; message: string } | undefined> {
  const { roomgate, configure, imports = [], ...metadata } = boot;
  const issuers = [new TestIssuer().options];
  let app: INestApplication | undefined;
  try {
    const module = await Test.createTestingModule({
      ...metadata,
      imports: [RoomgateModule.forRoot({ issuers, ...roomgate }), ...imports],
    }).compile();
    app = module.createNestApplication({ logger: false });
    configure?.(app);
    await app.init();
    return undefined;
  } catch (error) {
    const { code, message } = error as Error & { code?: unknown };
    return { code, message };
  } finally {
    await app?.close();
  }
}
