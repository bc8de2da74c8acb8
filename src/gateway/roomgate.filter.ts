import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Inject,
  Logger,
  Optional,
} from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { WsException } from '@nestjs/websockets';
import { RoomConnection } from '../connection/connection.js';
import { describeError, RoomgateError } from '../roomgate.errors.js';
import { refuseWithoutModule } from './adapter-seal.js';
import { type ExceptionBody, exceptionBody } from './exceptions.js';
import { MessageContext } from './message-context.js';
import { InvalidDataException } from './message-schema.pipe.js';

const HTTP_CODES: Record<number, string> = {
  400: 'bad_request',
  401: 'forbidden',
  403: 'forbidden',
  404: 'not_found',
  422: 'bad_request',
  429: 'rate_limited',
};

function codeOfStatus(status: number): string {
  if (status === 503) return 'unavailable';
  return HTTP_CODES[status] ?? (status >= 400 && status < 500 ? 'rejected' : 'internal');
}

/**
 * The last filter of every room gateway, behind those of the app: answers what was thrown with an `exception` that carries the
 * message's id. Stock Nest repeats pattern and data of the client in it; here only a code and our own text, or the text of a
 * `WsException`, which the app wrote for clients, leave the server.
 */
@Catch()
export class RoomgateFilter implements ExceptionFilter {
  private readonly logger = new Logger('Roomgate');

  /** Every room gateway brings this filter, so Nest makes it in each app that has one: the place to notice that the module is missing. */
  constructor(
    @Optional() @Inject(ModulesContainer) modules?: ModulesContainer,
    @Optional() @Inject(ApplicationConfig) config?: ApplicationConfig,
  ) {
    if (modules && config) refuseWithoutModule(modules, config);
  }

  catch(exception: unknown, host: ArgumentsHost): void {
    const context: unknown = host.getArgByIndex(2);
    if (context instanceof MessageContext) context.fail(this.toBody(exception, context.event));
    else {
      // A gateway in request scope that could not be made for its connection.
      const client: unknown = host.getArgByIndex(0);
      if (client instanceof RoomConnection) client.hookFailed('Making the gateway', exception);
      else this.logger.error(`An exception outside of a message: ${describeError(exception)}`);
    }
  }

  /** What the client is told. */
  protected toBody(exception: unknown, event: string): ExceptionBody {
    if (exception instanceof RoomgateError) return this.known(exception.code, exception, event);
    if (exception instanceof WsException) return fromWsException(exception);
    if (exception instanceof InvalidDataException)
      return { ...exceptionBody('bad_request'), paths: exception.paths };
    if (exception instanceof HttpException)
      return this.known(codeOfStatus(exception.getStatus()), exception, event);
    return this.known('internal', exception, event);
  }

  private known(code: string, exception: unknown, event: string): ExceptionBody {
    const body = exceptionBody(code);
    if (body.code === 'internal')
      this.logger.error(
        `The handler of ${JSON.stringify(event)} failed: ${describeError(exception)}`,
      );
    return body;
  }
}

/** A `WsException` speaks to clients: its text, or the named members of its object, and nothing else of it. */
function fromWsException(exception: WsException): ExceptionBody {
  const error = exception.getError();
  if (typeof error === 'string')
    return {
      status: 'error',
      code: error === 'Forbidden resource' ? 'forbidden' : 'rejected',
      message: error,
      temporary: false,
    };
  const { code, message, temporary, retryAfterMs } = error as Record<string, unknown>;
  return {
    status: 'error',
    code: typeof code === 'string' ? code : 'rejected',
    message: typeof message === 'string' ? message : exception.message,
    temporary: temporary === true,
    ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
  };
}
