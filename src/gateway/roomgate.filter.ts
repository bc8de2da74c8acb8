import { STATUS_CODES } from 'node:http';
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
import { TimeoutError } from 'rxjs';
import { ServerConnection } from '../connection/connection.js';
import { ROOMGATE_OPTIONS } from '../core/constants.js';
import { describeError, RoomgateError } from '../core/errors.js';
import { issuePaths } from '../core/standard-schema.js';
import type { RoomgateOptions } from '../module/options.js';
import { type ExceptionBody, exceptionBody, type ExceptionCode } from './exceptions.js';
import { contextOf, MessageContext } from './message-context.js';
import { refuseWithoutModule } from './nest-patches.js';
import { InvalidDataException } from './pipes.js';

/** The code for an HTTP status (RFC 9110 §15). Those that are not listed are `rejected` (4xx) or `internal` (5xx and the rest). */
const CODES_BY_STATUS: Readonly<Record<number, ExceptionCode>> = {
  400: 'bad_request',
  401: 'forbidden',
  403: 'forbidden',
  404: 'not_found',
  408: 'handler_timeout',
  410: 'not_found',
  413: 'bad_request',
  415: 'bad_request',
  422: 'bad_request',
  423: 'unavailable',
  425: 'unavailable',
  429: 'rate_limited',
  502: 'unavailable',
  503: 'unavailable',
  504: 'handler_timeout',
  507: 'unavailable',
};

const MAX_TEXT_BYTES = 256;

/**
 * The last filter of every room gateway, behind those of the app: answers what was thrown with an `exception` that carries the
 * message's id. Stock Nest repeats pattern and data of the client in it. Here these leave the server: a code, and as text our own,
 * that of a `WsException`, or that of an `HttpException` of status 4xx whose body is one text. A text is cut to 256 bytes. A list
 * of texts, such as the one of `ValidationPipe`, becomes `paths`. The text of a status 5xx is sent in development only.
 */
@Catch()
export class RoomgateFilter implements ExceptionFilter {
  private readonly logger = new Logger('Roomgate');
  private readonly revealsErrors: boolean;

  /** Every room gateway brings this filter, so Nest makes it in each app that has one: the place to notice that the module is missing. */
  constructor(
    @Optional() @Inject(ModulesContainer) modules?: ModulesContainer,
    @Optional() @Inject(ApplicationConfig) config?: ApplicationConfig,
    @Optional() @Inject(ROOMGATE_OPTIONS) options?: RoomgateOptions,
  ) {
    this.revealsErrors = options?.strict === false;
    if (modules && config) refuseWithoutModule(modules, config);
  }

  catch(exception: unknown, host: ArgumentsHost): void {
    const context: unknown = contextOf(host);
    if (context instanceof MessageContext) {
      const isAbort = context.isAbort(exception);
      const body = isAbort ? exceptionBody('internal') : this.toBody(exception, context.event);
      if (body.code === 'internal' && !isAbort && !(exception instanceof WsException))
        context.connection.report(`The handler of ${JSON.stringify(context.event)}`, exception);
      context.fail(body);
    } else {
      // A gateway in request scope that could not be made for its connection.
      const client: unknown = host.getArgByIndex(0);
      if (client instanceof ServerConnection) client.hookFailed('Making the gateway', exception);
      else this.logger.error(`An exception outside of a message: ${describeError(exception)}`);
    }
  }

  /** What the client is told. */
  protected toBody(exception: unknown, _event: string): ExceptionBody {
    if (exception instanceof RoomgateError) return exceptionBody(exception.code);
    if (exception instanceof WsException) return fromWsException(exception);
    if (exception instanceof InvalidDataException)
      return { ...exceptionBody('bad_request'), paths: exception.paths };
    if (exception instanceof HttpException) return this.fromHttp(exception);
    // Of the operator `timeout`, which Nest's documentation shows in an interceptor.
    if (exception instanceof TimeoutError) return exceptionBody('handler_timeout');
    return exceptionBody('internal');
  }

  private fromHttp(exception: HttpException): ExceptionBody {
    const status = exception.getStatus();
    const fallback = status >= 400 && status < 500 ? 'rejected' : 'internal';
    const body = exceptionBody(CODES_BY_STATUS[status] ?? fallback);
    const message = messageOf(exception);
    if (Array.isArray(message) && status < 500) return { ...body, paths: messagePaths(message) };
    const isForClients = status < 500 || this.revealsErrors;
    return typeof message === 'string' && isForClients
      ? { ...body, message: cutText(message) }
      : body;
  }
}

/** The text, or the list of texts, that an `HttpException` was made with; undefined for its default text or a body of another shape. */
function messageOf(exception: HttpException): unknown {
  const body: unknown = exception.getResponse();
  if (typeof body === 'string') return body;
  const { message, statusCode, error } = Object(body) as Record<string, unknown>;
  const isOfNest = statusCode === exception.getStatus();
  // Without a text of its own Nest repeats the name of the status, and then names it only once.
  const isDefault = error === undefined && message === STATUS_CODES[exception.getStatus()];
  return Array.isArray(message) || (isOfNest && !isDefault) ? message : undefined;
}

/** A `WsException` speaks to clients: its text, or the named members of its object, and nothing else of it. */
function fromWsException(exception: WsException): ExceptionBody {
  const error: unknown = exception.getError();
  if (typeof error === 'string')
    return {
      status: 'error',
      code: error === 'Forbidden resource' ? 'forbidden' : 'rejected',
      message: cutText(error),
      temporary: false,
    };
  const given = Object(error) as Record<string, unknown>;
  const list = Array.isArray(error) ? (error as unknown[]) : given.message;
  if (Array.isArray(list))
    return { ...exceptionBody('bad_request'), paths: messagePaths(list as unknown[]) };
  const { code, message, temporary, retryAfterMs } = given;
  return {
    status: 'error',
    code: typeof code === 'string' ? cutText(code) : 'rejected',
    message: cutText(typeof message === 'string' ? message : exception.message),
    temporary: temporary === true,
    ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
  };
}

/** At most 256 bytes of UTF-8, and no half of a character. */
function cutText(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_TEXT_BYTES) return text;
  let end = MAX_TEXT_BYTES;
  while (((bytes[end] as number) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

/** The members of class-validator's `ValidationError` that say where data does not fit. */
interface ValidationError {
  readonly property?: unknown;
  readonly children?: unknown;
  readonly constraints?: unknown;
}

const MAX_DEPTH = 32;

/**
 * Where data does not fit, out of the texts of Nest's `ValidationPipe` ("items.0.price must be a number") or out of the
 * `ValidationError`s of class-validator. A segment is kept when it is an index or a property that some class of the app declares
 * for class-validator; everything else may be a key or a value of the sender, and is `*`.
 * @returns at most 10 different paths such as `items[2].price`, each cut to 64 characters
 */
export function messagePaths(list: readonly unknown[]): readonly string[] {
  const declared = declaredProperties();
  const issues = list.flatMap((item) => pathsOf(item, 0)).map((path) => path.map(keep));
  return issuePaths(issues.map((path) => ({ path, message: '' })));

  function keep(segment: string): string {
    return /^\d+$/.test(segment) || declared.has(segment) ? segment : '*';
  }
}

function pathsOf(item: unknown, depth: number): string[][] {
  // The path of a text is its first word; a text that begins in another way has a first word that no class declares.
  if (typeof item === 'string') return [(item.split(' ', 1)[0] as string).split('.')];
  const { property, children, constraints } = Object(item) as ValidationError;
  const segment = typeof property === 'string' ? property : '*';
  const below =
    Array.isArray(children) && depth < MAX_DEPTH
      ? (children as unknown[]).flatMap((child) => pathsOf(child, depth + 1))
      : [];
  const own = below.length === 0 || Object.keys(Object(constraints) as object).length > 0;
  return [...(own ? [[segment]] : []), ...below.map((path) => [segment, ...path])];
}

/** Every property that a class of the app declares for class-validator, which keeps its metadata in one place of the process. */
function declaredProperties(): ReadonlySet<string> {
  const { classValidatorMetadataStorage: storage } = globalThis as {
    classValidatorMetadataStorage?: { validationMetadatas?: unknown };
  };
  const names = new Set<string>();
  const { validationMetadatas } = storage ?? {};
  if (validationMetadatas instanceof Map)
    for (const list of validationMetadatas.values() as Iterable<Iterable<{ propertyName: string }>>)
      for (const { propertyName } of list) names.add(propertyName);
  return names;
}
