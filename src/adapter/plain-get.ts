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
 * A plain GET on a room path that no route of the app answered: people paste the address into a browser. It is asked where Nest
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
    write(reply.raw, refusal);
    return undefined;
  };
}

function answerOrNext(answer: Answer): NextHandler {
  return (request, response, next) => {
    const refusal = answer(request);
    if (refusal) write(response, refusal);
    else next();
  };
}

function write(response: ServerResponse, { status, headers, body }: RefusalResponse): void {
  response.writeHead(status, headers).end(body);
}
