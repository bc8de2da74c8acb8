/**
 * The server of server.go in Nest: one room gateway, which answers the same question. Keys come from `ROOMGATE_*`.
 * The package does the rest, so no code here verifies a token.
 */
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SubscribeMessage } from '@nestjs/websockets';
import {
  CurrentPrincipal,
  type Principal,
  Refusal,
  RoomGateway,
  roomgateConfig,
  RoomgateModule,
  TokenExtractor,
  type UpgradeRequest,
} from 'nestjs-roomgate';

const tokenHeader = process.env.ARTICLE_TOKEN_HEADER?.toLowerCase();

/** The article's advice to write an extractor: a header of the deployment's own. */
class OwnHeaderExtractor extends TokenExtractor {
  extract({ headers }: UpgradeRequest): string | Refusal {
    const [token, ...others] = headers[tokenHeader ?? ''] ?? [];
    if (token === undefined) return new Refusal('no_token');
    return others.length === 0 ? token : new Refusal('multiple_credentials');
  }
}

@RoomGateway('/:room')
class ArticleGateway {
  /** Who the server takes the sender for, on every message. */
  @SubscribeMessage('who')
  who(@CurrentPrincipal() { subject }: Principal): { event: string; data: string } {
    return { event: 'you', data: subject };
  }
}

@Module({
  imports: [
    RoomgateModule.forRootAsync({
      ...roomgateConfig.asProvider(),
      ...(tokenHeader && { extractor: OwnHeaderExtractor }),
    }),
  ],
  providers: [ArticleGateway],
})
class AppModule {}

async function bootstrap(): Promise<void> {
  const app = await NestFactory.create(AppModule);
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  console.log(`listening on ${(app.getHttpServer().address() as AddressInfo).port}`);
}
void bootstrap();
