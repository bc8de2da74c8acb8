import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RefusalResponse } from './refusal.js';

type Answer = (request: IncomingMessage) => RefusalResponse | undefined;
type NextHandler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;
type FastifyHandler = (
  request: { raw: IncomingMessage },
  reply: { raw: ServerResponse; hijack(): void },
) => unknown;

/** The little of Nest's HTTP adapter that is needed. */
export interface HttpAdapterLike {
  getType(): string;
  use(...handlers: never[]): unknown;
  setNotFoundHandler?: (handler: never, ...rest: never[]) => unknown;
}

/**
 * A plain GET or HEAD on a room path that no route of the app answered: people paste the address into a browser. It is asked where Nest
 * would answer "not found", on Express and on Fastify, so a route of the app always comes first.
 */
export function answerPlainGets(httpAdapter: HttpAdapterLike, answer: Answer): void {
  const original = httpAdapter.setNotFoundHandler?.bind(httpAdapter) as
    ((handler: unknown, ...rest: unknown[]) => unknown) | undefined;
  if (!original) return;
  const replacement = (handler: unknown, ...rest: unknown[]): unknown => {
    if (httpAdapter.getType() === 'fastify')
      return original(beforeFastify(handler as FastifyHandler, answer), ...rest);
    // Express gets its "not found" under the global prefix only; a room path may well be outside of it.
    httpAdapter.use(answerOrNext(answer) as never);
    return original(handler, ...rest);
  };
  httpAdapter.setNotFoundHandler = replacement as never;
}

function beforeFastify(handler: FastifyHandler, answer: Answer): FastifyHandler {
  return (request, reply) => {
    const refusal = answer(request.raw);
    if (!refusal) return handler(request, reply);
    reply.hijack();
    write(request.raw, reply.raw, refusal);
    return undefined;
  };
}

function answerOrNext(answer: Answer): NextHandler {
  return (request, response, next) => {
    const refusal = answer(request);
    if (refusal) write(request, response, refusal);
    else next();
  };
}

/** Headers that speak of the connection, which HTTP/2 forbids (RFC 9113 §8.2.2). */
const OF_THE_CONNECTION = ['Connection', 'Upgrade'];

function write(
  { httpVersionMajor, method }: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: RefusalResponse,
): void {
  const sent = { ...headers };
  if (httpVersionMajor >= 2) for (const name of OF_THE_CONNECTION) delete sent[name];
  response.writeHead(status, sent);
  // Node refuses a body here where `rejectNonStandardBodyWrites` is set.
  if (method === 'HEAD') response.end();
  else response.end(body);
}
