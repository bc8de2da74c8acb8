import { UseGuards } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { decorateClass, decorateMethod } from './decorate.js';

/**
 * Makes a class the gateway of the rooms, guarded, with the two messages that every server of the benchmark answers.
 *
 * @param {any} target
 * @param {import('@nestjs/common').CanActivate} guard
 * @param {object} gatewayOptions
 */
export function decorateRooms(target, guard, gatewayOptions) {
  decorateMethod(target, 'echo', [SubscribeMessage('echo')], [MessageBody()]);
  decorateMethod(target, 'say', [SubscribeMessage('say')], [ConnectedSocket(), MessageBody()]);
  decorateClass([UseGuards(guard), WebSocketGateway(gatewayOptions)], target);
}
