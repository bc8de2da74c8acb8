import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import {
  BadRequestException,
  Body,
  Controller,
  Get,
  HttpCode,
  NotFoundException,
  Post,
  Req,
  Res,
  ServiceUnavailableException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { CHECKOUT, HOST, readDevKey } from './development.js';
import { lines } from './live-log.js';
import { mintToken } from './mint-token.js';
import { RoomClient, type ServerMessage } from './room-client.js';

const MAX_PAGES = 16;
const MAX_UNREAD_BYTES = 1_048_576;

const HTML = readFileSync(path.join(CHECKOUT, 'examples', 'support', 'page.html'), 'utf8');

/** The page's own script and style, by their hashes, and nothing else. */
const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': [
    `default-src 'none'; connect-src 'self'; img-src data:; script-src ${hashOf('script')}`,
    `style-src ${hashOf('style')}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * The page at `/` and its relay. A browser cannot send an Authorization header with a WebSocket handshake, so this
 * joins the room for the page: with a connection and a token of its own, which the page never sees.
 */
@Controller()
export class PageController {
  readonly #pages = new Map<string, RoomClient>();

  constructor(private readonly config: ConfigService) {}

  @Get()
  page(@Res() response: ServerResponse): void {
    response.writeHead(200, PAGE_HEADERS).end(HTML);
  }

  /** Joins under a name and streams what happens, one JSON object a line: `page`, `event` and `log`. */
  @Post('page/open')
  async open(
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
    @Body() body?: { name?: unknown },
  ): Promise<void> {
    refuseForms(request);
    const name = body?.name;
    if (typeof name !== 'string' || !/^[\p{L}\p{N} ._-]{1,32}$/u.test(name))
      throw new BadRequestException('A name has 1 to 32 letters, digits, spaces, or . _ -');
    const room = this.config.getOrThrow<string>('CHAT_ROOM');
    const url = `ws://${HOST}:${request.socket.localPort}/${room}`;
    const key = readDevKey();
    const page = randomUUID();
    const token = await mintToken(key, name, [room]);
    // Looked at behind the token: others may have come, or this one gone, while it was made.
    if (this.#pages.size >= MAX_PAGES)
      throw new ServiceUnavailableException(`There are ${MAX_PAGES} open pages. Close one.`);
    if (response.destroyed) return;
    const member = new RoomClient(url, token);
    this.#pages.set(page, member);

    const tell = (line: object): void => {
      if (response.writableEnded || response.destroyed) return;
      if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
      else response.write(`${JSON.stringify(line)}\n`);
    };
    response.writeHead(200, {
      'content-type': 'application/x-ndjson',
      // A browser that keeps the connection would speak to this process after another one has taken the port.
      connection: 'close',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    tell({ page, url });
    for (const log of lines.recent) tell({ log });
    const stop = lines.read((log) => tell({ log }));
    response.once('close', () => {
      stop();
      this.#pages.delete(page);
      void member.close();
    });
    const renew = async (): Promise<void> => {
      await member.request('auth.refresh', { token: await mintToken(key, name, [room]) });
    };
    member.on('message', ({ event, data }: ServerMessage) => {
      if (event === 'auth.expiring') renew().catch(() => member.drop());
      else if (event !== 'ack') tell({ event, data });
    });
    member.on('close', (code) => {
      tell({ event: 'closed', data: { code } });
      response.end();
    });
    try {
      await member.hello();
      const { data } = await member.request('room.history', { limit: 50 });
      tell({ event: 'history', data: data.publications });
      tell({ event: 'members', data: (await member.request('room.presence')).data.members });
    } catch {
      response.end();
    }
  }

  /** Says something as the member of a page. */
  @Post('page/say')
  @HttpCode(200)
  async say(
    @Req() request: IncomingMessage,
    @Body() body?: { page?: unknown; text?: unknown },
  ): Promise<{ event: string; code?: string }> {
    refuseForms(request);
    const member = this.#pages.get(String(body?.page));
    if (!member) throw new NotFoundException('This page is not open any more. Reload it.');
    const { event, data } = await member.request('say', body?.text);
    return event === 'ack' ? { event } : { event, code: data.code };
  }
}

/** A form of another site could be sent without asking; JSON cannot. */
function refuseForms({ headers }: IncomingMessage): void {
  if (!/^application\/json\b/i.test(headers['content-type'] ?? ''))
    throw new UnsupportedMediaTypeException('Send application/json.');
}

function hashOf(element: 'script' | 'style'): string {
  const text = new RegExp(`<${element}>([^]*?)</${element}>`).exec(HTML)?.[1] ?? '';
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
