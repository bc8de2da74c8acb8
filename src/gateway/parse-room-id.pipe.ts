import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';
import { parseRoomId, type RoomId } from '../admission/room-id.js';

/** A room id from a message or an HTTP parameter, in lower case; anything that is not a UUID is a bad request. */
@Injectable()
export class ParseRoomIdPipe implements PipeTransform<unknown, RoomId> {
  transform(value: unknown): RoomId {
    const id = parseRoomId(value);
    if (!id)
      throw new BadRequestException('Validation failed (a room id, which is a UUID, is expected)');
    return id;
  }
}
