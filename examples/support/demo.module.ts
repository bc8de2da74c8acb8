import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestInterceptor,
  type NestModule,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { type RoomConnection, RoomgateError } from 'nestjs-roomgate';
import { type Observable, tap } from 'rxjs';
import { lines, LiveLog, PROBE } from './live-log.js';
import { PageController } from './page.controller.js';
import { refuseStrictMode } from './sentence.js';

export { LiveLog };

/** Tells of messages, but not what they say. */
@Injectable()
class MessageLog implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'ws') return next.handle();
    const ws = context.switchToWs();
    const { subject } = ws.getClient<RoomConnection>().principal;
    if (subject === PROBE) return next.handle();
    const data: unknown = ws.getData();
    const size = typeof data === 'string' ? `, ${data.length} characters` : '';
    const say = (end: string): void =>
      lines.add('message', subject, `${ws.getPattern()}${size}: ${end}`);
    return next.handle().pipe(
      tap({
        complete: () => say('handled'),
        error: (error: unknown) =>
          say(`refused, ${error instanceof RoomgateError ? error.code : 'by the handler'}`),
      }),
    );
  }
}

/**
 * Answers HTTP only to programs of this machine and to its own page. Listening on 127.0.0.1 keeps other machines away;
 * this keeps the pages of other sites away, which the browser of this machine would let through: a site that points
 * its name at 127.0.0.1 (DNS rebinding) is known by its Host, a cross-site request by its Origin or Sec-Fetch-Site.
 */
export function onlyLocal(request: IncomingMessage, response: ServerResponse, next: () => void) {
  const { host, origin, 'sec-fetch-site': site = 'none' } = request.headers;
  const { localPort } = request.socket;
  const isOwnHost = [`127.0.0.1:${localPort}`, `localhost:${localPort}`].includes(host ?? '');
  const isOwnPage = origin === undefined || origin === `http://${host}`;
  // A link from elsewhere may lead to the page, which is the same for everyone and holds no secret.
  const isLink = request.method === 'GET' && request.headers['sec-fetch-mode'] === 'navigate';
  if (isOwnHost && isOwnPage && (isLink || site === 'none' || site === 'same-origin'))
    return next();
  response.writeHead(403, { 'content-type': 'text/plain', connection: 'close' });
  response.end('The example answers only its own page at http://127.0.0.1.\n');
}

/** What `npm start` adds to the chat app: the page at `/`, its relay, and the log of messages. Development only. */
@Module({
  controllers: [PageController],
  providers: [{ provide: APP_INTERCEPTOR, useClass: MessageLog }],
})
export class DemoModule implements NestModule {
  constructor() {
    refuseStrictMode();
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(onlyLocal).forRoutes('{*path}');
  }
}
