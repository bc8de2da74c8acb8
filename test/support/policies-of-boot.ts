import { RoomPolicy } from '../../src/admission/room-policy.js';

/** Policies that are there to be told apart. */
export class OrdersPolicy extends RoomPolicy {
  join(): boolean {
    return false;
  }
}

export class OtherPolicy extends RoomPolicy {
  join(): boolean {
    return false;
  }
}
