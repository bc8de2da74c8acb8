import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { Body, Controller, Module, Post, UnauthorizedException } from '@nestjs/common';
import { ConfigModule, ConfigService, type ConfigType } from '@nestjs/config';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { roomgateConfig, RoomgateModule, withRoomgateEnv } from 'nestjs-roomgate';
import { DemoModule, LiveLog } from '../../support/demo.module.js';
import { ChatGateway } from './chat.gateway.js';
import { ChatPolicy } from './chat.policy.js';

const env = withRoomgateEnv();
const sha256 = (text: string) => createHash('sha256').update(text).digest();

@Controller('login')
export class LoginController {
  constructor(
    private readonly config: ConfigService,
    private readonly jwt: JwtService,
  ) {}

  /** Ask your database about the person instead: this login takes any name with one password. */
  @Post()
  async login(@Body() body?: { name?: unknown; password?: unknown }): Promise<{ token: string }> {
    const expected = sha256(this.config.getOrThrow<string>('CHAT_PASSWORD'));
    const isRight = timingSafeEqual(sha256(String(body?.password)), expected);
    if (!isRight || typeof body?.name !== 'string') throw new UnauthorizedException();
    const claims = { rooms: [this.config.getOrThrow<string>('CHAT_ROOM')], scope: 'chat:write' };
    const options = { subject: body.name.slice(0, 64), jwtid: randomUUID() };
    return { token: await this.jwt.signAsync(claims, options) };
  }
}

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true, load: [roomgateConfig], validationSchema: env }),
    JwtModule.registerAsync({
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        privateKey: config.getOrThrow<string>('CHAT_PRIVATE_KEY'),
        signOptions: {
          algorithm: 'ES256',
          keyid: config.getOrThrow<string>('ROOMGATE_KEY_ID'),
          issuer: config.getOrThrow<string>('ROOMGATE_ISSUER'),
          audience: config.getOrThrow<string>('ROOMGATE_AUDIENCE'),
          expiresIn: '1h',
        },
      }),
    }),
    RoomgateModule.forRootAsync({
      inject: [roomgateConfig.KEY],
      useFactory: (config: ConfigType<typeof roomgateConfig>) => ({
        ...config,
        rooms: {
          chat: { history: true, presence: { describe: (who) => ({ info: who.subject }) } },
        },
      }),
      auditSink: LiveLog, // only for `npm start`: the default sink is Nest's logger
    }),
    DemoModule, // only for `npm start`: the page at / and its relay
  ],
  controllers: [LoginController],
  providers: [ChatGateway, ChatPolicy],
})
export class AppModule {}
