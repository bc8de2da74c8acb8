import type { AddressInfo, Server } from 'node:net';
import { type INestApplication, StandardSchemaValidationPipe, UsePipes } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { PARAM_ARGS_METADATA } from '@nestjs/websockets/internal';
import { WebSocket } from 'ws';
import { digits, order } from '../support/schemas.js';

@WebSocketGateway({ path: '/schemas' })
class SchemaGateway {
  @SubscribeMessage('alone')
  alone(@MessageBody({ schema: digits }) data: unknown): object {
    return { event: 'alone', data };
  }

  @UsePipes(new StandardSchemaValidationPipe())
  @SubscribeMessage('piped')
  piped(@MessageBody({ schema: digits }) data: unknown): object {
    return { event: 'piped', data };
  }

  @UsePipes(new StandardSchemaValidationPipe(), new StandardSchemaValidationPipe())
  @SubscribeMessage('twice')
  twice(@MessageBody({ schema: digits }) data: unknown): object {
    return { event: 'twice', data };
  }
}

/** What `bringSchemas` rests on. When one of these fails, it has to change. */
describe('Stock Nest and @MessageBody({ schema })', () => {
  let app: INestApplication;
  let client: WebSocket;

  beforeAll(async () => {
    class StockModule {}
    const module = { module: StockModule, providers: [SchemaGateway] };
    app = await NestFactory.create(module, { logger: false });
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    client = new WebSocket(`ws://127.0.0.1:${port}/schemas`);
    await new Promise((resolve) => client.once('open', resolve));
  });
  afterAll(async () => {
    client.terminate();
    await app.close();
  });

  async function ask(event: string, data: unknown): Promise<unknown> {
    const answer = new Promise((resolve) =>
      client.once('message', (bytes) => resolve(JSON.parse(String(bytes as Buffer)))),
    );
    client.send(JSON.stringify({ event, data }));
    return answer;
  }

  it('keep the schema beside the pipes of the parameter, by kind and index', () => {
    const parameters: unknown = Reflect.getMetadata(PARAM_ARGS_METADATA, SchemaGateway, 'alone');
    expect(parameters).toEqual({ '3:0': { index: 0, data: undefined, pipes: [], schema: digits } });
  });

  it('validate nothing where no pipe was thought of', async () => {
    expect(await ask('alone', 'canary')).toEqual({ event: 'alone', data: 'canary' });
  });

  it('hand the handler the output, but tell the client its own data instead of what is wrong', async () => {
    expect(await ask('piped', '12')).toEqual({ event: 'piped', data: 12 });
    expect(await ask('piped', 'canary')).toMatchObject({
      event: 'exception',
      data: { message: 'Internal server error', cause: { data: 'canary' } },
    });
  });

  it('validate again, what the first pipe had made of it, behind a second pipe', async () => {
    expect(await ask('twice', '12')).toMatchObject({ event: 'exception', data: { cause: {} } });
  });

  it('quote the words of the schema in the exception, and ask no schema that is not there', async () => {
    const pipe = new StandardSchemaValidationPipe();
    const body = { type: 'body' } as const;
    await expect(pipe.transform('canary', { ...body, schema: order })).rejects.toMatchObject({
      status: 400,
      response: { message: ['text: Invalid: "canary"'] },
    });
    expect(await pipe.transform('canary', { ...body, schema: undefined })).toBe('canary');
  });
});
