import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';

/**
 * Given to handlers that filters of the app may answer for. Behind an interceptor a handler's result comes as an Observable with
 * one value, and an exception that a filter took as one without: otherwise both would be an undefined, and the client told "ack".
 */
class PassThroughInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle() as Observable<unknown>;
  }
}

export const passThrough = new PassThroughInterceptor();
