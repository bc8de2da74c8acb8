import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { FakeClock } from '../../src/toolkit/testing/fake-clock.js';
import { TestIssuer } from '../../src/toolkit/testing/test-issuer.js';
import { RoomgateTestbed } from '../../src/toolkit/testing/testbed.js';

/** A test bed around modules that bring RoomgateModule themselves, on the clock of the system. */
export async function systemTestbed(
  metadata: ModuleMetadata,
  issuer: TestIssuer = new TestIssuer(),
  logger: Parameters<INestApplication['useLogger']>[0] = false,
): Promise<RoomgateTestbed> {
  const module = await Test.createTestingModule(metadata).compile();
  const app = module.createNestApplication({ logger });
  await app.init();
  return new RoomgateTestbed(app, new FakeClock(), issuer);
}
