import type { Type } from '@nestjs/common';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import type { Principal } from '../admission/principal.js';
import type { Room } from '../room/room.js';
import { CurrentPrincipal, CurrentRoom } from './decorators.js';
import { RoomGateway } from './room-gateway.decorator.js';

/** The ready-made gateway of `RoomgateModule.forRoot({ defaultGateway: '/:room' })`; the module decorates it with the path. */
export class DefaultRoomGateway {
  /** Tells all members of the room, the sender included, who said what. */
  @SubscribeMessage('say')
  async say(
    @CurrentRoom() room: Room,
    @CurrentPrincipal() { subject }: Principal,
    @MessageBody() data: unknown,
  ): Promise<void> {
    await room.broadcast('said', { from: subject, data });
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): { event: string; data: unknown } {
    return { event: 'echo', data };
  }
}

/** The gateway at the path: a class of its own, since a path is part of a class. */
export function defaultRoomGateway(path: string): Type {
  class Gateway extends DefaultRoomGateway {}
  Object.defineProperty(Gateway, 'name', { value: DefaultRoomGateway.name });
  RoomGateway(path)(Gateway);
  return Gateway;
}
