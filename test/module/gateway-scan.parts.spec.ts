import type { CanActivate } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RoomgateAdapter } from '../../src/adapter/roomgate.adapter.js';
import type { AdapterPorts } from '../../src/adapter/ports.js';
import { RoomGateway } from '../../src/gateway/room-gateway.decorator.js';
import { MemoryEngine } from '../../src/room/engine/memory/memory.engine.js';
import { RoomgateModule } from '../../src/module/roomgate.module.js';
import { TestIssuer } from '../../src/toolkit/testing/test-issuer.js';
import { failedBoot } from '../support/failed-boot.js';

class YesGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@RoomGateway('/:room', { guard: YesGuard as never })
class UnguardedGateway {}

@RoomGateway('/:room')
class PlainGateway {}

describe('Boot', () => {
  it('refuses a second RoomgateModule.forRoot: a gateway would be behind the door of one and in the rooms of the other', async () => {
    const second = RoomgateModule.forRoot({ issuers: [new TestIssuer().options] });
    const failure = await failedBoot({ imports: [second], providers: [PlainGateway] });
    expect(failure).toMatchObject({
      code: 'adapter_conflict',
      message:
        'RoomgateModule.forRoot is imported twice. Import it once, in the root module: it is global.',
    });
  });

  it('fails when the engine cannot be reached: the node would not hear what others order', async () => {
    class UnreachableEngine extends MemoryEngine {
      override subscribe(): never {
        throw new Error('canary');
      }
    }
    const failure = await failedBoot({ roomgate: { engine: UnreachableEngine } });
    expect(failure).toMatchObject({
      code: 'engine_unavailable',
      message: expect.stringContaining('The engine cannot be reached') as string,
    });
    expect(failure?.message).not.toContain('canary');
  });

  it('refuses a guard that would take the place of ClaimsGuard without being one', async () => {
    expect(await failedBoot({ providers: [UnguardedGateway] })).toMatchObject({
      code: 'invalid_options',
      message:
        'Expected "guard" of UnguardedGateway to extend ClaimsGuard, which it takes the place of.',
    });
  });

  it('says so when there is no HTTP server, as in a microservice', () => {
    const adapter = new RoomgateAdapter({
      entrance: {},
      httpAdapter: () => null,
    } as unknown as AdapterPorts);
    expect(() => adapter.create(0, { roomGateway: PlainGateway })).toThrow(
      'Room gateways need the HTTP server of the app, and this app has none.',
    );
  });

  it('comes up in an application context without any server', async () => {
    const root = {
      module: class AppModule {},
      imports: [RoomgateModule.forRoot({ issuers: [new TestIssuer().options] })],
      providers: [PlainGateway],
    };
    const context = await NestFactory.createApplicationContext(root, { logger: false });
    await context.close();
  });
});
