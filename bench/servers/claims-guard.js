// The cheap guard: the token was verified at the door, per message only its expiry is looked at.
import { WsException } from '@nestjs/websockets';
import { isLive } from './door.js';

/** @type {import('@nestjs/common').CanActivate} */
export const claimsGuard = {
  canActivate(context) {
    const { claims } = context.switchToWs().getClient();
    if (!isLive(claims)) throw new WsException('token expired');
    return true;
  },
};
