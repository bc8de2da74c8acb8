import { STATUS_CODES } from 'node:http';
import { Duplex } from 'node:stream';
import { jest } from '@jest/globals';
import { type RefusalAnswer, renderRefusal, writeRefusal } from '../../src/adapter/refusal.js';
import { newUuid } from '../../src/core/uuid.js';
import { Refusal, type RefusalCode, REFUSALS } from '../../src/admission/refusals.js';
import { parseAnswer } from '../support/raw-http.js';

const OPTIONS = { realm: 'chat room', retryAfterMs: 1_000 };
const CODES = Object.keys(REFUSALS) as RefusalCode[];

/** A socket that keeps what is written to it and can be told what its peer does. */
class FakeSocket extends Duplex {
  written = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.toString();
    done();
  }

  override _read(): void {}
}

describe('renderRefusal', () => {
  it.each(CODES)('says %s by status, headers and body alike', (code) => {
    const { status, headers, body } = renderRefusal(new Refusal(code), OPTIONS, newUuid());
    const problem = JSON.parse(body) as Record<string, unknown>;
    expect(status).toBe(REFUSALS[code].status);
    expect(headers).toMatchObject({
      Connection: status === 426 ? 'Upgrade, close' : 'close',
      'Cache-Control': 'no-store',
      'Content-Type': 'application/problem+json',
      'Content-Length': String(Buffer.byteLength(body)),
      'X-Request-Id': problem.requestId,
    });
    expect(problem).toEqual({
      type: 'about:blank',
      title: STATUS_CODES[status],
      status,
      code,
      detail: REFUSALS[code].detail,
      requestId: expect.any(String) as string,
    });
    for (const value of Object.values(headers)) expect(value).toMatch(/^[\x20-\x7e]+$/);
    expect('Retry-After' in headers).toBe(status === 429 || status === 503);
    expect('WWW-Authenticate' in headers).toBe('challenge' in REFUSALS[code]);
  });

  it.each<[RefusalCode, string]>([
    ['no_token', 'Bearer realm="chat room"'],
    ['token_in_query', 'Bearer realm="chat room", error="invalid_request"'],
    ['token_expired', 'Bearer realm="chat room", error="invalid_token"'],
  ])('challenges %s with %s', (code, challenge) => {
    const { headers } = renderRefusal(new Refusal(code), OPTIONS, newUuid());
    expect(headers['WWW-Authenticate']).toBe(challenge);
  });

  it('names the scopes that are needed', () => {
    const refusal = new Refusal('insufficient_scope', undefined, undefined, 'a b');
    expect(renderRefusal(refusal, OPTIONS, newUuid()).headers['WWW-Authenticate']).toBe(
      'Bearer realm="chat room", error="insufficient_scope", scope="a b"',
    );
  });

  it.each<[RefusalCode, string, string]>([
    ['method_not_allowed', 'Allow', 'GET'],
    ['upgrade_required', 'Upgrade', 'websocket'],
    ['bad_upgrade', 'Sec-WebSocket-Version', '13'],
  ])('adds to %s the header that its status asks for', (code, name, value) => {
    expect(renderRefusal(new Refusal(code), OPTIONS, newUuid()).headers[name]).toBe(value);
  });

  it('tells the reason for the log to nobody', () => {
    const { headers, body } = renderRefusal(
      new Refusal('token_invalid', 'claim_sub'),
      OPTIONS,
      newUuid(),
    );
    expect(JSON.stringify(headers) + body).not.toContain('claim_sub');
  });

  it('puts a hint for developers after the detail, and nowhere else', () => {
    const { headers, body } = renderRefusal(new Refusal('no_token'), OPTIONS, 'id', 'Look there.');
    const { detail } = JSON.parse(body) as { detail: string };
    expect(detail).toBe(`${REFUSALS.no_token.detail} Look there.`);
    expect(JSON.stringify(headers)).not.toContain('Look there.');
  });

  it.each([
    [0, 0, 0],
    [1_000, 1, 2],
    [1_500, 2, 3],
    [30_000, 30, 60],
  ])('spreads Retry-After for %d ms over %d to %d seconds', (retryAfterMs, from, to) => {
    const options = { realm: 'x', retryAfterMs };
    const seconds = [0, 0.999].map((chance) => {
      const { headers } = renderRefusal(new Refusal('draining'), options, 'id', '', () => chance);
      return Number(headers['Retry-After']);
    });
    expect(seconds).toEqual([from, to]);
  });
});

describe('writeRefusal', () => {
  const answer = (code: RefusalCode, method = 'GET'): RefusalAnswer => ({
    refusal: new Refusal(code),
    options: OPTIONS,
    requestId: newUuid(),
    method,
  });

  afterEach(() => void jest.useRealTimers());

  it('writes one HTTP response and ends the socket', () => {
    const socket = new FakeSocket();
    writeRefusal(socket, answer('no_token'));
    const { statusLine, headers, body } = parseAnswer(Buffer.from(socket.written));
    expect(statusLine).toBe('HTTP/1.1 401 Unauthorized');
    expect(headers['content-length']).toBe(String(body.length));
    expect(socket.writableEnded).toBe(true);
    socket.destroy();
  });

  it.each<[string, Refusal]>([
    ...CODES.map((code): [string, Refusal] => [code, new Refusal(code)]),
    ['a scope', new Refusal('insufficient_scope', undefined, undefined, 'a b')],
    ['another scope', new Refusal('insufficient_scope', undefined, undefined, 'c')],
    ['words of its own', new Refusal('token_in_query', undefined, 'Found in "jwt".')],
  ])('writes what is rendered, each time under an id of its own: %s', (_what, refusal) => {
    const ids = [OPTIONS, OPTIONS, { realm: 'other room', retryAfterMs: 1_000 }].map((options) => {
      const socket = new FakeSocket();
      writeRefusal(socket, { refusal, options, requestId: newUuid() });
      socket.destroy();
      const { statusLine, headers, body } = parseAnswer(Buffer.from(socket.written));
      const id = headers['x-request-id'] as string;
      const expected = renderRefusal(refusal, options, id);
      expect(statusLine).toBe(`HTTP/1.1 ${expected.status} ${STATUS_CODES[expected.status]}`);
      expect(body.toString()).toBe(expected.body);
      // How long to wait is another number each time.
      const { 'Retry-After': _seconds, ...constant } = expected.headers;
      for (const [name, value] of Object.entries(constant))
        expect([name, headers[name.toLowerCase()]]).toEqual([name, value]);
      expect(Object.keys(headers)).toHaveLength(Object.keys(expected.headers).length + 1);
      expect(new Date(String(headers['date'])).toUTCString()).toBe(headers['date']);
      return id;
    });
    expect(new Set(ids).size).toBe(3);
  });

  it('dates the answer with the second in which it is given', () => {
    jest.useFakeTimers({ now: 1_000 });
    const dates = [0, 999, 1].map((ms) => {
      jest.advanceTimersByTime(ms);
      const socket = new FakeSocket();
      writeRefusal(socket, answer('no_token'));
      socket.destroy();
      return parseAnswer(Buffer.from(socket.written)).headers['date'];
    });
    const [first, next] = ['01', '02'].map((second) => `Thu, 01 Jan 1970 00:00:${second} GMT`);
    expect(dates).toEqual([first, first, next]);
  });

  it('writes no body for HEAD, but the length that it would have (RFC 9110 §9.3.2)', () => {
    const socket = new FakeSocket();
    writeRefusal(socket, answer('method_not_allowed', 'HEAD'));
    socket.destroy();
    const { status, headers, body } = parseAnswer(Buffer.from(socket.written));
    expect([status, body.length]).toEqual([405, 0]);
    expect(Number(headers['content-length'])).toBeGreaterThan(100);
  });

  it('destroys a socket that cannot be written to', () => {
    const socket = new FakeSocket();
    socket.end();
    writeRefusal(socket, answer('no_token'));
    expect([socket.destroyed, socket.written]).toEqual([true, '']);
  });

  it('goes on reading, or a reset would take the answer away, but not for longer than a second', () => {
    jest.useFakeTimers();
    const socket = new FakeSocket();
    writeRefusal(socket, answer('no_token'));
    expect(socket.isPaused()).toBe(false);
    jest.advanceTimersByTime(999);
    expect(socket.destroyed).toBe(false);
    jest.advanceTimersByTime(1);
    expect(socket.destroyed).toBe(true);
  });

  it('is done with the socket when the peer is, and keeps no timer for it', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    const socket = new FakeSocket();
    writeRefusal(socket, answer('no_token'));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.push(null);
    await closed;
    expect(jest.getTimerCount()).toBe(0);
  });
});
