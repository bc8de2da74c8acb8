import type { AddressInfo, Server } from 'node:net';
import type { INestApplication, LoggerService, ModuleMetadata } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { RoomgateModule, type RoomgateModuleOptions } from 'nestjs-roomgate';
import type { RoomgateModuleExtras } from '../../src/module/providers.js';
import { FakeClock, TestIssuer } from 'nestjs-roomgate/testing';
import { RoomgateNode } from '../../src/module/node.js';
import { clockTypeOf } from '../../src/toolkit/testing/testbed.js';

type Parts = Pick<ModuleMetadata, 'imports' | 'providers' | 'controllers'>;

export interface RoomAppOptions extends Parts, RoomgateModuleExtras {
  roomgate?: RoomgateModuleOptions;
  /** Default: Express. */
  http?: AbstractHttpAdapter;
  /** Called before the app is initialised. */
  configure?: (app: INestApplication) => void;
  logger?: LoggerService;
  /** Of Nest: whether it registers parsers of bodies. Default true. */
  bodyParser?: boolean;
}

/** An app on a real port, with a clock that stands still. */
export interface RoomApp {
  readonly app: INestApplication;
  readonly clock: FakeClock;
  readonly issuer: TestIssuer;
  readonly node: RoomgateNode;
  readonly server: Server;
  readonly port: number;
  /** Connections that the server still has, of whatever kind. */
  openSockets(): Promise<number>;
  close(): Promise<void>;
}

export async function startRoomApp(options: RoomAppOptions = {}): Promise<RoomApp> {
  const {
    roomgate,
    http,
    configure,
    logger,
    bodyParser,
    imports = [],
    providers,
    controllers,
    ...rest
  } = options;
  const clock = new FakeClock();
  const issuer = new TestIssuer(() => clock.now());
  const given = {
    issuers: [issuer.options],
    clock: clockTypeOf(clock),
    roomIdleMs: 0,
    maxMessagesPerWindow: 0,
    // Time that moves in leaps leaves nobody a moment to answer.
    pingIntervalMs: 0,
    messageTimeoutMs: 2 ** 31 - 1,
    ...roomgate,
    ...rest,
  };
  class AppModule {}
  const root = {
    module: AppModule,
    imports: [RoomgateModule.forRoot(given), ...imports],
    providers,
    controllers,
  };
  const settings = { logger: logger ?? (false as const), abortOnError: false, bodyParser };
  const app = await (http
    ? NestFactory.create(root, http, settings)
    : NestFactory.create(root, settings));
  configure?.(app);
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer() as Server;
  return {
    app,
    clock,
    issuer,
    node: app.get(RoomgateNode, { strict: false }),
    server,
    port: (server.address() as AddressInfo).port,
    openSockets: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    close: () => closeBy(clock, app),
  };
}

/** Shutting down may wait by the clock, which nobody else moves on. */
async function closeBy(clock: FakeClock, app: INestApplication): Promise<void> {
  let isClosed = false;
  const closed = app.close().finally(() => (isClosed = true));
  while (!isClosed) {
    clock.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await closed;
}
