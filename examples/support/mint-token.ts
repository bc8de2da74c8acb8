import { randomUUID } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import { AUDIENCE, type DevKey, ISSUER } from './development.js';

const TOKEN_SECONDS = 3_600;

/**
 * Signs a token for one person, as the example's login does.
 * @param seconds how long it lives, at most an hour; default an hour
 */
export function mintToken(
  key: DevKey,
  subject: string,
  rooms: readonly string[],
  seconds = TOKEN_SECONDS,
): Promise<string> {
  return new JwtService({}).signAsync(
    { rooms, scope: 'chat:write' },
    {
      privateKey: key.privateKey,
      algorithm: 'ES256',
      keyid: key.kid,
      issuer: ISSUER,
      audience: AUDIENCE,
      subject,
      jwtid: randomUUID(),
      expiresIn: Math.min(seconds, TOKEN_SECONDS),
    },
  );
}
