import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import {
  CurrentConnection,
  CurrentRoom,
  RequireScope,
  type Room,
  type RoomConnection,
  RoomGateway,
} from 'nestjs-roomgate';
import type { RoomgateTestbed, TestConnection, TestMessage } from 'nestjs-roomgate/testing';
import { Gate } from './gate.js';
import { GatedPolicy } from './gated-seams.js';

export const ROOM = '0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b';
export const OTHER_ROOM = '3f2b8c1e-9a4d-4c6e-8f1a-2b3c4d5e6f70';

/** Where the handler of `work` waits. */
export const working = new Gate();

@RoomGateway('/:room', { policy: GatedPolicy })
export class LiveGateway {
  @SubscribeMessage('work')
  async work(@CurrentConnection() connection: RoomConnection): Promise<unknown> {
    const before = connection.principal.scopes;
    await working.pass();
    return [before, connection.principal.scopes];
  }

  @RequireScope('admin')
  @SubscribeMessage('rule')
  rule(): string {
    return 'ruled';
  }

  @SubscribeMessage('say')
  async say(@CurrentRoom() room: Room, @MessageBody() data: unknown): Promise<void> {
    await room.broadcast('said', data);
  }
}

/** What came and was not asked for, by event; the data only of those that say something of their own. */
export function heard(client: TestConnection): string[] {
  return client.waiting.map(({ event, data }) => (event === 'said' ? `said ${data}` : event));
}

/** Refreshes with a token of the same subject, fresh by the testbed's clock, with the given claims. */
export function refresh(
  testbed: RoomgateTestbed,
  client: TestConnection,
  token: Parameters<RoomgateTestbed['mint']>[0] = {},
): Promise<TestMessage> {
  const { sub } = client.hello;
  return client.request('auth.refresh', { token: testbed.mint({ sub, rooms: [ROOM], ...token }) });
}
