import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerPlainGets, type HttpAdapterLike } from '../../src/adapter/plain-get.js';
import type { RefusalResponse } from '../../src/adapter/refusal.js';

const REFUSAL: RefusalResponse = { status: 426, headers: { Upgrade: 'websocket' }, body: '{}' };

/** An HTTP adapter of Nest that remembers what it was given. */
class FakeHttpAdapter implements HttpAdapterLike {
  readonly used: ((...args: unknown[]) => unknown)[] = [];
  readonly notFound: unknown[][] = [];

  constructor(private readonly type: string) {}

  getType = (): string => this.type;
  use = (handler: never): unknown => this.used.push(handler);
  setNotFoundHandler?: (...args: never[]) => unknown = (...args) => this.notFound.push(args);
}

class FakeResponse {
  written: unknown[] = [];

  writeHead(status: number, headers: object): this {
    this.written.push(status, headers);
    return this;
  }

  end(body?: string): void {
    this.written.push(body);
  }
}

describe('answerPlainGets', () => {
  const room = { url: '/room', httpVersionMajor: 1 } as IncomingMessage;
  const other = { url: '/other' } as IncomingMessage;
  const answer = ({ url }: IncomingMessage): RefusalResponse | undefined =>
    url === '/room' ? REFUSAL : undefined;
  const nothing = (() => 'not found') as never;

  it('answers before the "not found" of Express, and passes on what is no room', () => {
    const adapter = new FakeHttpAdapter('express');
    answerPlainGets(adapter, answer);
    expect(adapter.used).toHaveLength(0);
    adapter.setNotFoundHandler?.(nothing, '/api' as never, ['x'] as never);
    expect(adapter.notFound).toEqual([[nothing, '/api', ['x']]]);
    const response = new FakeResponse();
    let passedOn = 0;
    for (const request of [room, other])
      adapter.used[0]?.(request, response as unknown as ServerResponse, () => (passedOn += 1));
    expect(response.written).toEqual([426, { Upgrade: 'websocket' }, '{}']);
    expect(passedOn).toBe(1);
  });

  it('answers in place of the "not found" of Fastify, and passes on what is no room', () => {
    const adapter = new FakeHttpAdapter('fastify');
    answerPlainGets(adapter, answer);
    adapter.setNotFoundHandler?.(nothing, '/api' as never);
    const [[handler, prefix]] = adapter.notFound as [[(...args: unknown[]) => unknown, string]];
    expect([prefix, adapter.used]).toEqual(['/api', []]);
    const response = new FakeResponse();
    let hijacked = 0;
    const reply = { raw: response, hijack: () => (hijacked += 1) };
    expect(handler({ raw: room }, reply)).toBeUndefined();
    expect(response.written).toEqual([426, { Upgrade: 'websocket' }, '{}']);
    expect(handler({ raw: other }, reply)).toBe('not found');
    expect(hijacked).toBe(1);
  });

  it.each([
    ['HTTP/2, which has no connection to speak of', { httpVersionMajor: 2 }, {}, '{}'],
    ['HEAD, which has no body', { method: 'HEAD' }, { Upgrade: 'websocket' }, undefined],
  ])('answers %s', (_what, kind, headers, body) => {
    const adapter = new FakeHttpAdapter('express');
    answerPlainGets(adapter, answer);
    adapter.setNotFoundHandler?.(nothing);
    const response = new FakeResponse();
    const request = { url: '/room', httpVersionMajor: 1, ...kind };
    adapter.used[0]?.(request, response as unknown as ServerResponse, () => {});
    expect(response.written).toEqual([426, headers, body]);
    expect(REFUSAL.headers).toEqual({ Upgrade: 'websocket' });
  });

  it('leaves an adapter alone that knows no "not found"', () => {
    const adapter = new FakeHttpAdapter('other');
    adapter.setNotFoundHandler = undefined;
    answerPlainGets(adapter, answer);
    expect(adapter.setNotFoundHandler).toBeUndefined();
    expect(adapter.used).toEqual([]);
  });
});
