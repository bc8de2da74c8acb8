import type { AddressInfo, Server } from 'node:net';
import { Inject } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SubscribeMessage } from '@nestjs/websockets';
import {
  CurrentRoom,
  RevocationService,
  type Room,
  type RoomAccess,
  RoomGateway,
  RoomgateModule,
  RoomPolicy,
  RoomService,
} from 'nestjs-roomgate';
import { TestIssuer } from 'nestjs-roomgate/testing';
import { RoomgateNode } from '../../../src/module/node.js';

/** The room whose policy takes its time. */
const SLOW_ROOM = '11111111-1111-4111-8111-111111111111';

class SlowPolicy extends RoomPolicy {
  async join({ room, principal }: RoomAccess): Promise<boolean> {
    if (room === SLOW_ROOM) await new Promise((resolve) => setTimeout(resolve, 30));
    return principal.claims.rooms?.includes(room) ?? false;
  }
}

@RoomGateway('/careless/:room', { rooms: 'careless' })
class CarelessGateway {
  constructor(
    @Inject(RoomService) private readonly rooms: RoomService,
    @Inject(RevocationService) private readonly revocations: RevocationService,
  ) {}

  /** Broadcasts what cannot be sent, orders what nobody can obey, and does not wait to hear of it. */
  @SubscribeMessage('float')
  float(@CurrentRoom() room: Room): string {
    void room.broadcast('goodbye');
    void room.broadcastToOthers('hello');
    void room.broadcastBinary('text' as never);
    const nobody = { identity: '' };
    void this.rooms.room(room.id, 'careless').disconnect(nobody);
    void this.rooms.reauthorize(nobody);
    void this.revocations.disconnect(nobody);
    return 'floated';
  }
}

const issuer = new TestIssuer();
const app = await NestFactory.create({
  module: class {},
  providers: [CarelessGateway],
  imports: [
    RoomgateModule.forRoot({
      issuers: [issuer.options],
      defaultGateway: '/:room',
      policy: SlowPolicy,
      roomIdleMs: 0,
    }),
  ],
});
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
const server = app.getHttpServer() as Server;
const node = app.get(RoomgateNode, { strict: false });

process.on('message', (request: { mint?: object; drain?: true; close?: true }) => {
  if (request.mint) process.send?.({ token: issuer.mint(request.mint) });
  else if (request.drain) {
    node.drain.begin();
    process.send?.({});
  } else if (request.close) {
    void app.close().then(() => process.disconnect());
  } else {
    server.getConnections((_error, sockets) =>
      process.send?.({ sockets, connections: node.registry.size, rooms: node.memberships.size }),
    );
  }
});
process.send?.({ port: (server.address() as AddressInfo).port });
