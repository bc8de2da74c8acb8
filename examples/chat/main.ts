import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RoomgateModule } from 'nestjs-roomgate';
import { devIssuer, ensureDevKey, mintToken } from './dev-issuer.js';
import { run, Sentence } from './sentence.js';

const HOST = '127.0.0.1';

run(async () => {
  const key = ensureDevKey();
  const port = readPort(process.env.PORT ?? '3000');

  @Module({
    imports: [
      RoomgateModule.forRoot({
        issuers: [devIssuer(key)],
        allowedHosts: [`${HOST}:${port}`, `localhost:${port}`],
        defaultGateway: '/:room',
      }),
    ],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  app.enableShutdownHooks();
  await app.listen(port, HOST).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE')
      throw new Sentence(`Port ${port} is taken. Choose another one: PORT=3001 npm start`);
    throw error;
  });

  const room = randomUUID();
  const url = `ws://${HOST}:${port}/${room}`;
  const token = await mintToken(key, 'alice', [room]);
  console.log(instructions(url, room, token));
});

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new Sentence(
      `Expected PORT to be a number from 1 to 65535, got ${JSON.stringify(text)}.`,
    );
  return port;
}

function instructions(url: string, room: string, token: string): string {
  const python = `from websocket import create_connection as connect; c = connect("${url}", header=["Authorization: Bearer ${token}"]); print(c.recv()); c.send("{\\"event\\":\\"say\\",\\"data\\":\\"hello\\",\\"id\\":1}"); print(c.recv()); print(c.recv())`;
  const node = `import { WebSocket } from "ws"; const c = new WebSocket("${url}", { headers: { authorization: "Bearer ${token}" } }); c.on("message", (m) => console.log(String(m))); c.on("open", () => c.send(JSON.stringify({ event: "say", data: "hello", id: 1 })))`;
  return `
Room:   ${url}
Token:  ${token}

Python (package websocket-client; on Debian: python3-websocket):

  python3 -c '${python}'

Node (in this folder):

  node --input-type=module -e '${node}'

Another token for the same room:

  npm run --silent token -- --sub bob --room ${room}

Stop with Ctrl-C.`;
}
