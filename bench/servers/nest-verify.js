// Stock Nest with the guard of most tutorials: the token is verified on every message, with the key
// as a string, which jsonwebtoken has to make a key of each time.
import { JwtService } from '@nestjs/jwt';
import { WsException } from '@nestjs/websockets';
import { startStockNest } from './nest-stock.js';

/** @type {import('./server.types.js').StartServer} */
export async function start(options) {
  const { algorithm, verifyKey } = options;
  const jwt = new JwtService({});
  const key = algorithm === 'HS256' ? { secret: verifyKey } : { publicKey: verifyKey };
  /** @type {import('@nestjs/common').CanActivate} */
  const guard = {
    async canActivate(context) {
      const client = context.switchToWs().getClient();
      try {
        client.claims = await jwt.verifyAsync(client.token, { ...key, algorithms: [algorithm] });
        return true;
      } catch {
        throw new WsException('invalid token');
      }
    },
  };
  return startStockNest(options, guard);
}
