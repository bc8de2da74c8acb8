import { BadRequestException } from '@nestjs/common';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { CurrentPrincipal, CurrentRoom, RequireScope, RevocationService } from 'nestjs-roomgate';
import { type Principal, type Room, RoomGateway } from 'nestjs-roomgate';
import { ChatPolicy } from './chat.policy.js';

@RoomGateway('/:room', { rooms: 'chat', policy: ChatPolicy })
export class ChatGateway {
  constructor(private readonly revocations: RevocationService) {}

  @RequireScope('chat:write')
  @SubscribeMessage('say')
  say(@CurrentRoom() room: Room, @CurrentPrincipal() who: Principal, @MessageBody() data: unknown) {
    // With zod, or any other Standard Schema: @MessageBody({ schema: z.string().max(2_000) })
    if (typeof data !== 'string' || data.length > 2_000) throw new BadRequestException();
    return room.broadcast('said', { from: who.subject, data });
  }

  /** Revokes the sender's token: its connections are closed with 4440, and the door refuses it. */
  @SubscribeMessage('sign-out')
  async signOut(@CurrentPrincipal() { claims, issuer }: Principal): Promise<void> {
    if (claims.jti === undefined) throw new BadRequestException();
    await this.revocations.revokeToken(claims.jti, issuer);
  }
}
