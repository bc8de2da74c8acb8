import { applyDecorators, SetMetadata } from '@nestjs/common';
import { SubscribeMessage } from '@nestjs/websockets';
import { BINARY_EVENT } from '../connection/message.js';
import { BINARY_METADATA } from '../core/constants.js';

/**
 * Handles the binary frames of a room gateway; its `@MessageBody()` is a `Buffer`. They are meant for the room of the URL, have
 * no id and get no `ack`: a returned `{ event, data }` is sent, and so is an `exception`. Without such a handler binary frames are
 * answered `bad_message`.
 */
export function SubscribeBinary(): MethodDecorator {
  return applyDecorators(SubscribeMessage(BINARY_EVENT), SetMetadata(BINARY_METADATA, true));
}
