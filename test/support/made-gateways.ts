import type { Type } from '@nestjs/common';
import { SubscribeMessage } from '@nestjs/websockets';
import { RoomGateway, type RoomGatewayOptions } from '../../src/gateway/room-gateway.decorator.js';

/** A room gateway of that name which handles those events. */
export function gateway(
  name: string,
  path: string,
  options?: RoomGatewayOptions,
  events: string[] = [],
): Type {
  const { [name]: made } = { [name]: class {} } as Record<string, Type>;
  for (const event of events) handle(made as Type, event, event);
  RoomGateway(path, options)(made as Type);
  return made as Type;
}

/** Gives the class a handler of the event. */
export function handle(target: Type, method: string, event: string): void {
  const descriptor = { value: () => undefined, writable: true, configurable: true };
  Object.defineProperty(target.prototype, method, descriptor);
  SubscribeMessage(event)(target.prototype as object, method, descriptor);
}
