import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type RoomEngine, RoomgateModule } from 'nestjs-roomgate';
import { type DevKey, devIssuer } from './dev-issuer.js';
import { Sentence } from './sentence.js';

/** The example is for the person in front of it: nobody else's machine can reach it. */
export const HOST = '127.0.0.1';

export interface ServerOptions {
  readonly key: DevKey;
  readonly port: number;
  /** Ports under which it is reached besides its own, such as a balancer's. Default none. */
  readonly otherPorts?: readonly number[];
  /** Default: in memory. */
  readonly engine?: Type<RoomEngine>;
  /** What the engine needs. Default nothing. */
  readonly imports?: readonly DynamicModule[];
}

/** Serves the ready-made gateway at `/:room` until the process is asked to end. */
export async function serve(options: ServerOptions): Promise<void> {
  const { key, port, otherPorts = [], engine, imports = [] } = options;

  @Module({
    imports: [
      ...imports,
      RoomgateModule.forRoot({
        issuers: [devIssuer(key)],
        allowedHosts: [port, ...otherPorts].flatMap((it) => [`${HOST}:${it}`, `localhost:${it}`]),
        defaultGateway: '/:room',
        ...(engine && { engine }),
      }),
    ],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  app.enableShutdownHooks();
  await app.listen(port, HOST).catch((error: unknown) => {
    throw explained(error, port);
  });
}

/** The port of the environment, 3000 without one. */
export function readPort(): number {
  const text = process.env.PORT ?? '3000';
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new Sentence(
      `Expected PORT to be a number from 1 to 65535, got ${JSON.stringify(text)}.`,
    );
  return port;
}

/** Why a server could not listen, for the person who chose the port. */
export function explained(error: unknown, port: number): unknown {
  return (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
    ? new Sentence(`Port ${port} is taken. Choose another one: PORT=3001 in front of the command.`)
    : error;
}
