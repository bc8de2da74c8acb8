import { Controller, Inject, Post, Req, Res, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { BackChannelLogout, type LogoutStatus } from '../admission/back-channel-logout.js';
import { TokenVerifier } from '../admission/token-verifier.js';
import { RoomgateError } from '../roomgate.errors.js';
import { quote } from '../roomgate.rules.js';
import { type FormRequest, readLogoutForm } from './logout-form.js';

const ERRORS: Readonly<Record<LogoutStatus, string | undefined>> = {
  200: undefined,
  400: 'invalid_request',
  429: 'temporarily_unavailable',
  503: 'temporarily_unavailable',
};

/**
 * Where the issuer posts its logout tokens (OpenID Connect Back-Channel Logout 1.0, §2.5). It reads the request itself: as a
 * parameter the token would pass through pipes of the app. Global guards of the app run before it and have to let it pass.
 */
export class BackChannelLogoutController {
  constructor(
    @Inject(BackChannelLogout) private readonly logout: BackChannelLogout,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  @Post()
  async receive(@Req() request: FormRequest, @Res() response: unknown): Promise<void> {
    const status = await this.logout.receive(readLogoutForm(request));
    const { httpAdapter } = this.host;
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
  Controller(path)(PathController);
  return PathController;
}
