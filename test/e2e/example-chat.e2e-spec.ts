import { once } from 'node:events';
import { type IncomingMessage, request, type RequestOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ensureDevKey, HOST, roomAt, setEnvironment } from '../../examples/support/development.js';
import { DemoModule } from '../../examples/support/demo.module.js';
import { fold, lines } from '../../examples/support/live-log.js';
import { mintToken } from '../../examples/support/mint-token.js';
import { plain } from '../../examples/support/plain.js';
import { tryTheDoor } from '../../examples/support/probes.js';
import { Refused, RoomClient } from '../../examples/support/room-client.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const TOKEN = /eyJ/;

/** The example that `npm start` serves, attacked as a page of another site or another program would. */
describe('The chat example', () => {
  const environment = { ...process.env };
  const key = ensureDevKey();
  let app: INestApplication;
  let port: number;
  const open: IncomingMessage[] = [];

  beforeAll(async () => {
    setEnvironment(key, roomAt(1));
    // The port is not known yet, and the hosts are optional in tests.
    delete process.env.ROOMGATE_ALLOWED_HOSTS;
    const { AppModule } = await import('../../examples/chat/src/app.module.js');
    app = await NestFactory.create(AppModule, { logger: false });
    await app.listen(0, HOST);
    ({ port } = app.getHttpServer().address() as AddressInfo);
  });

  afterEach(() => {
    for (const response of open.splice(0)) response.destroy();
  });

  afterAll(async () => {
    await app.close();
    process.env = environment;
  });

  /** The head of an answer. */
  async function send(options: RequestOptions, body?: unknown): Promise<IncomingMessage> {
    const sent = request({ host: HOST, port, agent: false, ...options });
    sent.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body));
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    open.push(response);
    return response;
  }

  async function post(path: string, body: unknown, headers: Record<string, string> = JSON_TYPE) {
    const response = await send({ method: 'POST', path, headers }, body);
    return { status: response.statusCode, text: await textOf(response) };
  }

  async function textOf(response: IncomingMessage): Promise<string> {
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
    return text;
  }

  /** Opens a page and returns what its stream has brought when the text matches. */
  async function openPage(name: string, headers = JSON_TYPE) {
    const response = await send({ method: 'POST', path: '/page/open', headers }, { name });
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const until = async (pattern: RegExp): Promise<string> => {
      while (!pattern.test(text)) await once(response, 'data');
      return text;
    };
    const page = /"page":"([^"]+)"/.exec(await until(/"event":"members"/))?.[1] ?? '';
    return { page, until, response };
  }

  it('serves one page of at most 15 kB, with a policy that runs its own script alone', async () => {
    const response = await send({ path: '/' });
    const text = await textOf(response);
    const policy = String(response.headers['content-security-policy']);
    expect(Buffer.byteLength(text)).toBeLessThan(15_000);
    expect(policy).toMatch(/^default-src 'none'/);
    expect(policy).toMatch(/script-src 'sha256-[^']+'; style-src 'sha256-[^']+'/);
    expect(policy).not.toContain('unsafe');
    expect(text).toContain('Browsers cannot send an Authorization header');
    expect(text).not.toMatch(TOKEN);
    // Text of others is never markup.
    expect(text).not.toMatch(/innerHTML|insertAdjacent|outerHTML|document\.write/);
  });

  it('refuses a site that points its own name at 127.0.0.1', async () => {
    for (const host of ['evil.example', `evil.example:${port}`, HOST, `${HOST}:1`, `[::1]:${port}`])
      for (const path of ['/', '/page/open', '/page/say', '/login']) {
        const method = path === '/' ? 'GET' : 'POST';
        const response = await send({ method, path, headers: { ...JSON_TYPE, host } }, '{}');
        expect(`${host} ${path} ${response.statusCode}`).toBe(`${host} ${path} 403`);
      }
  });

  it('refuses a request of another site, whatever the browser says about it', async () => {
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `https://${HOST}:${port}` },
      { origin: `http://localhost:${port}` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    ] as Record<string, string>[])
      for (const path of ['/page/open', '/page/say', '/login']) {
        const { status } = await post(path, { name: 'eve' }, { ...JSON_TYPE, ...headers });
        expect(`${JSON.stringify(headers)} ${path} ${status}`).toMatch(/ 403$/);
      }
  });

  it('answers its own page, and a link that leads to the page', async () => {
    const own = { origin: `http://${HOST}:${port}`, 'sec-fetch-site': 'same-origin' };
    await openPage('alice', { ...JSON_TYPE, ...own });
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await send({ path: '/', headers: link })).statusCode).toBe(200);
  });

  it('refuses what a form can send without asking', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])
      for (const path of ['/page/open', '/page/say']) {
        const { status } = await post(path, '{"name":"eve"}', { 'content-type': type });
        expect(`${type} ${path} ${status}`).toBe(`${type} ${path} 415`);
      }
  });

  it('lets a page say and hear, and tells it no token', async () => {
    const alice = await openPage('alice');
    const bob = await openPage('bob');
    const text = '<img src=x onerror=alert(1)>';
    expect(await post('/page/say', { page: bob.page, text })).toMatchObject({
      status: 200,
      text: '{"event":"ack"}',
    });
    const said = JSON.stringify({ event: 'said', data: { from: 'bob', data: text } });
    await alice.until(new RegExp(said.replaceAll(/[()[\]{}.]/g, '\\$&')));
    const all = await alice.until(/"log":"[^"]*message +bob +say, 28 characters: handled/);
    expect(all).toMatch(/"log":"[^"]*in +bob +by a bearer token in the Authorization header/);
    expect(all).not.toMatch(TOKEN);
    // A kept connection would reach a server that is shutting down, after the next one has its port.
    expect(alice.response.headers.connection).toBe('close');
    expect(await post('/page/say', { page: bob.page, text: 1 })).toMatchObject({
      text: '{"event":"exception","code":"bad_request"}',
    });
  });

  it('refuses names that are none, and pages that are not open', async () => {
    for (const name of ['', 'a'.repeat(33), 'a\nb', '\u001b[2J', '<b>', 'a\u202eb', 1, null, ['a']])
      expect((await post('/page/open', { name })).status).toBe(400);
    for (const page of ['', 'x', null, '__proto__', ['a']])
      expect((await post('/page/say', { page, text: 'x' })).status).toBe(404);
    expect((await post('/page/open', 'null')).status).toBe(400);
  });

  it('keeps at most 16 pages, and gives their places back', async () => {
    const pages = [];
    for (let count = 0; count < 16; count++) pages.push(await openPage(`page ${count}`));
    expect((await post('/page/open', { name: 'one more' })).status).toBe(503);
    pages[0]?.response.destroy();
    const deadline = Date.now() + 5_000;
    let status: number | undefined = 503;
    while (status === 503 && Date.now() < deadline) {
      const response = await send(
        { method: 'POST', path: '/page/open', headers: JSON_TYPE },
        { name: 'one more' },
      );
      status = response.statusCode;
      response.destroy();
    }
    expect(status).toBe(200);
  });

  it('signs a token for whoever knows the password, and for no one else', async () => {
    const password = process.env.CHAT_PASSWORD;
    for (const body of [
      {},
      { name: 'bob' },
      { name: 'bob', password: '' },
      { name: 'bob', password: 'undefined' },
      { name: 'bob', password: [password, 1] },
      { name: 1, password },
    ])
      expect((await post('/login', body)).status).toBe(401);
    expect((await send({ method: 'POST', path: '/login' })).statusCode).toBe(401);

    const { text } = await post('/login', { name: 'bob', password });
    const { token } = JSON.parse(text) as { token: string };
    const room = process.env.CHAT_ROOM as string;
    const bob = new RoomClient(`ws://${HOST}:${port}/${room}`, token);
    expect((await bob.hello()).data).toMatchObject({ sub: 'bob', room });
    await bob.close();
  });

  it('answers the five probes of npm start as they should be', async () => {
    const room = process.env.CHAT_ROOM as string;
    const url = `ws://${HOST}:${port}/${room}`;
    const before = lines.recent.length;
    const probes = await tryTheDoor(key, { room, url, ip: HOST, port });
    expect(probes.map(({ answer }) => answer)).toEqual([
      '401 no_token',
      '400 token_in_query',
      '101 hello',
      '403 room_forbidden',
      'delivered, acknowledged',
    ]);
    expect(probes.every(({ expected, answer }) => expected === answer)).toBe(true);
    expect(lines.recent.slice(before).join('\n')).not.toMatch(/probe/);
  });

  it('tells in the log what to change, and no token, query or control character', async () => {
    const room = process.env.CHAT_ROOM as string;
    const url = `ws://${HOST}:${port}/${room}`;
    const token = await mintToken(key, '\u001b[31mmallory\u202e', [room]);
    // The log takes only so many lines a second, and the tests before this one may have used them up.
    const before = Date.now();
    while (Date.now() < before + 1_000) await new Promise(setImmediate);
    const heard: string[] = [];
    const stop = lines.read((line) => heard.push(line));
    await expect(new RoomClient(url, undefined).hello()).rejects.toThrow(Refused);
    await expect(new RoomClient(`${url}?token=${token}`, token).hello()).rejects.toThrow(Refused);
    const member = new RoomClient(url, token);
    await member.hello();
    await member.request('say', token);
    // The goodbye comes instead of the reply.
    await expect(member.request('sign-out')).rejects.toThrow();
    while (!heard.some((line) => line.includes('4440'))) await new Promise(setImmediate);
    await expect(new RoomClient(url, token).hello()).rejects.toThrow(Refused);
    stop();

    const log = heard.join('\n');
    expect(log).toMatch(
      /refused .*401 no_token \(no credential\): Send the token as "Authorization: Bearer/,
    );
    expect(log).toMatch(
      /refused .*400 token_in_query \(.*\): Send the token as "Authorization: Bearer/,
    );
    expect(log).toMatch(/out .*4440 signed_out/);
    expect(log).toMatch(/refused .*401 token_revoked.*: Sign in again/);
    expect(log).not.toMatch(TOKEN);
    expect(log).not.toMatch(/\?|token=/);
    expect(log).not.toMatch(/[^\n\P{C}]/u);
    for (const line of heard.flatMap((it) => fold(it, 100).split('\n')))
      expect(line.length).toBeLessThanOrEqual(100);
  });

  it('folds a line of the log at its words, and leaves it whole where there is no terminal', () => {
    const line = `${'-'.repeat(28)}one two three four five six seven eight nine`;
    expect(fold(line)).toBe(line);
    expect(fold(line, 60)).toBe(
      `${'-'.repeat(28)}one two three four five six\n${' '.repeat(28)}seven eight nine`,
    );
    expect(fold('x'.repeat(130), 60).split('\n')).toHaveLength(4);
  });

  it('does not bury the log under a flood of knocks', async () => {
    const heard: string[] = [];
    const stop = lines.read((line) => heard.push(line));
    for (let count = 0; count < 500; count++) lines.add('refused', undefined, '401 no_token');
    stop();
    // Two seconds at most, and a line about the rest.
    expect(heard.length).toBeLessThanOrEqual(101);
  });

  it('shows text of others as one plain line', () => {
    expect(plain('a\u001b[31mb\r\nc\u009b\u202ed\u2028')).toBe('a·[31mb··c··d·');
    expect(plain('x'.repeat(600), 10)).toBe('xxxxxxxxx…');
  });

  it('does not start in strict mode', () => {
    for (const mode of ['production', '', 'Development', undefined]) {
      if (mode === undefined) delete process.env.NODE_ENV;
      else process.env.NODE_ENV = mode;
      try {
        expect(() => new DemoModule()).toThrow(/NODE_ENV=development/);
        expect(() => ensureDevKey()).toThrow(/NODE_ENV=development/);
      } finally {
        process.env.NODE_ENV = 'test';
      }
    }
  });
});
