import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import {
  Controller,
  Inject,
  Logger,
  type OnApplicationBootstrap,
  Post,
  Req,
  Res,
  type Type,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Turnstile } from '../admission/admission.js';
import { BackChannelLogout, type LogoutStatus } from '../admission/back-channel-logout.js';
import { TokenVerifier } from '../admission/token-verifier.js';
import { ROOMGATE_ADAPTER_PORTS } from '../core/constants.js';
import { RoomgateError } from '../core/errors.js';
import { quote } from '../core/option-rules.js';
import { newUuid } from '../core/uuid.js';
import type { AdapterPorts } from './ports.js';
import { addressGroup } from './upgrade-limits.js';

const ERRORS: Readonly<Record<LogoutStatus, string | undefined>> = {
  200: undefined,
  400: 'invalid_request',
  429: 'temporarily_unavailable',
  503: 'temporarily_unavailable',
};

/** Requests read and answered per turn of the event loop. Writing an answer costs more than refusing what was asked. */
const ANSWERS_PER_TURN = 16;

/**
 * Where the issuer posts its logout tokens (OpenID Connect Back-Channel Logout 1.0, §2.5). It reads the request itself: as a
 * parameter the token would pass through pipes of the app. Global guards of the app run before it and have to let it pass.
 * Its path has no version, whatever versioning the app uses: issuers are configured with one address.
 */
export class BackChannelLogoutController implements OnApplicationBootstrap {
  private readonly turnstile = new Turnstile(ANSWERS_PER_TURN);

  constructor(
    @Inject(BackChannelLogout) private readonly logout: BackChannelLogout,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(ROOMGATE_ADAPTER_PORTS) private readonly ports: Pick<AdapterPorts, 'addresses'>,
  ) {}

  /** Fastify answers 415 itself when no parser takes a form, before any route is asked. */
  onApplicationBootstrap(): void {
    const { httpAdapter } = this.host;
    if (httpAdapter.getType() !== 'fastify') return;
    const fastify = httpAdapter.getInstance<{ hasContentTypeParser(type: string): boolean }>();
    if (fastify.hasContentTypeParser('application/x-www-form-urlencoded')) return;
    new Logger('Roomgate').warn(
      'No logout token will arrive: this Fastify app parses no forms (bodyParser: false). Add `await app.register(formBody)` of @fastify/formbody before app.listen().',
    );
  }

  @Post()
  async receive(@Req() request: FormRequest, @Res() response: unknown): Promise<void> {
    await this.turnstile.pass();
    const requestId = newUuid();
    // Fastify wraps the request of Node.
    const { raw = request as unknown as IncomingMessage } = request as { raw?: IncomingMessage };
    const address = addressGroup(this.ports.addresses.of(raw));
    const token = await readLogoutForm(request);
    const status = await this.logout.receive(token, { address, requestId });
    const { httpAdapter } = this.host;
    httpAdapter.setHeader(response, 'X-Request-Id', requestId);
    httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    if (status === 429 || status === 503) httpAdapter.setHeader(response, 'Retry-After', '1');
    const error = ERRORS[status];
    httpAdapter.reply(response, error === undefined ? '' : { error }, status);
  }
}

/**
 * The controller at the path: a class of its own, since a path is part of a class.
 * @throws RoomgateError `invalid_options` when the path is not literal segments, or the app's own verifier believes no logout token.
 */
export function backChannelLogoutController(path: string, verifier?: Type<TokenVerifier>): Type {
  if (typeof path !== 'string' || !/^(\/[A-Za-z0-9._~-]+)+$/.test(path))
    throw new RoomgateError(
      'invalid_options',
      `Expected "backChannelLogout" to be a path such as "/auth/logout", got ${quote(path)}.`,
    );
  const verify: unknown = verifier && Reflect.get(verifier.prototype as object, 'verifyLogout');
  if (verify === TokenVerifier.prototype.verifyLogout)
    throw new RoomgateError(
      'invalid_options',
      `"backChannelLogout" needs a verifier with a verifyLogout() of its own, which ${verifier?.name} does not have.`,
    );
  class PathController extends BackChannelLogoutController {}
  Object.defineProperty(PathController, 'name', { value: BackChannelLogoutController.name });
  Controller({ path, version: VERSION_NEUTRAL })(PathController);
  return PathController;
}

/** The little of a request that Express and Fastify share. */
export interface FormRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body?: unknown;
}

const MAX_BODY_BYTES = 8_192;
const FORM = /^application\/x-www-form-urlencoded *(;|$)/i;

/**
 * The one `logout_token` of a form of at most 8 KiB; undefined when it is something else. The body may have been taken apart by
 * a parser of the app, or kept as bytes or text; where the app has no parser (`bodyParser: false`) it is read here.
 */
export async function readLogoutForm(request: FormRequest): Promise<string | undefined> {
  const { headers } = request;
  if (!FORM.test(headers['content-type'] ?? '')) return undefined;
  if (Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES) return undefined;
  const body = request.body ?? (await readBody(request));
  if (typeof body === 'string' || Buffer.isBuffer(body)) return tokenOfText(body);
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, 'logout_token'))
    return undefined;
  const { logout_token: token } = body as { logout_token: unknown };
  if (typeof token !== 'string' || token.length > MAX_BODY_BYTES) return undefined;
  // A chunked or compressed body has no length to believe.
  return Buffer.byteLength(JSON.stringify(body)) > MAX_BODY_BYTES ? undefined : token;
}

function tokenOfText(body: string | Buffer): string | undefined {
  if (body.length > MAX_BODY_BYTES) return undefined;
  const tokens = new URLSearchParams(String(body)).getAll('logout_token');
  return tokens.length === 1 ? tokens[0] : undefined;
}

/** Undefined for a body that is compressed, too big, broken off, or read by something else. */
async function readBody(request: FormRequest): Promise<Buffer | undefined> {
  const stream = request as Partial<IncomingMessage>;
  if (request.headers['content-encoding'] || !stream.readable || !stream[Symbol.asyncIterator])
    return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}
