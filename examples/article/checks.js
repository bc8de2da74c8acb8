/**
 * What the article says: each statement beside what is tried for it, and what the RFCs call right. main.js runs the
 * checks on both servers and makes the tables of docs/the-article.md from them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { WebSocket } from 'ws';

/**
 * A running server. `output` is all that it has printed.
 * @typedef {{ port: number, output: string }} Server
 *
 * One of the two servers in all its forms, as a check sees it.
 * @typedef {object} Door
 * @property {string} secret  what the tokens of this run are signed with
 * @property {string} room
 * @property {Server} usual
 * @property {Server} own  with an extractor of its own, which reads `X-Access-Token`
 * @property {Server} development  in development, where roomgate's log explains refusals
 * @property {string} sourceFile
 * @property {Record<string, { port: number, log: string }>} proxies
 * @property {(claims?: Record<string, unknown>) => string} mint  a good token, but for these claims and `secret`
 * @property {(handshake: import('./knock.js').Handshake, port?: number) => Promise<string>} knock
 * @property {() => Promise<string>} pytest  runs the article's function
 * @property {(secret: string) => Promise<boolean>} starts  whether one more server starts with this secret
 * @property {readonly string[]} minted  every token so far
 *
 * @typedef {{ shown: string, answers: readonly string[] }} Right
 *
 * @typedef {object} Check
 * @property {string} tried
 * @property {'in' | 'refused' | ''} says  what the article says of it, empty where it says nothing
 * @property {Right} right
 * @property {string} by  the paragraph that makes it right
 * @property {(door: Door) => Promise<string>} run
 *
 * @typedef {object} Statement
 * @property {string} id    the name of its marker in the document
 * @property {string} title
 * @property {string} says  in our words
 * @property {readonly Check[]} checks
 */

/** @param {string} answer @returns {Right} */
const only = (answer) => ({ shown: answer, answers: [answer] });
const IN = only('in');
const NO_CREDENTIAL = only('401 Bearer');
const BAD_TOKEN = only('401 invalid_token');
const BAD_REQUEST = only('400 invalid_request');
const WRONG_METHOD = only('405 Allow: GET');
/** RFC 6750 §3 demands a challenge. Which error it names is the server's choice where the header is no bearer token. */
const CHALLENGED = {
  shown: '400 or 401 with a challenge',
  answers: [BAD_REQUEST, NO_CREDENTIAL, BAD_TOKEN].flatMap(({ answers }) => answers),
};
const NOT_READ = { shown: '400', answers: ['400', ...BAD_REQUEST.answers] };

const HEADER = 'Authorization: Bearer <token>';
const URLENCODED = 'Content-Type: application/x-www-form-urlencoded';
const MULTIPART = 'Content-Type: multipart/form-data; boundary=x';
const PART =
  '--x\r\nContent-Disposition: form-data; name="access_token"\r\n\r\n<token>\r\n--x--\r\n';

/**
 * A handshake with a good token where `<token>` stands, and the port of the server where `<port>` does.
 * @typedef {object} Parts
 * @property {string} [method]
 * @property {string} [query]
 * @property {readonly string[]} [headers]
 * @property {string} [body]
 * @property {string} [tried]      how it is shown; default its parts as they are
 * @property {'usual' | 'own' | 'development'} [server]  default the usual one
 *
 * @param {Parts} parts @param {Check['says']} says @param {Right} right @param {string} by @returns {Check}
 */
function handshake(
  { method = 'GET', query = '', headers = [], body = '', ...rest },
  says,
  right,
  by,
) {
  const shown = [...(method === 'GET' ? [] : [method]), query, ...headers, body].filter(Boolean);
  return {
    tried: rest.tried ?? shown.map((part) => `\`${part}\``).join(', '),
    says,
    right,
    by,
    run: (door) => {
      const token = door.mint();
      const server = door[rest.server ?? 'usual'];
      const fill = (/** @type {string} */ text) =>
        text.replaceAll('<token>', token).replaceAll('<port>', String(server.port));
      const target = `/${door.room}${fill(query)}`;
      return door.knock(
        { method, target, headers: headers.map(fill), body: fill(body) },
        server.port,
      );
    },
  };
}

/** @type {(value: string, says: Check['says'], right: Right, by: string, tried?: string) => Check} */
const authorization = (value, says, right, by, tried) =>
  handshake({ headers: [`Authorization: ${value}`], tried }, says, right, by);

/**
 * A token that opens nothing, in the right place.
 * @type {(tried: string, says: Check['says'], by: string, token: (door: Door) => string) => Check}
 */
const badToken = (tried, says, by, token) => ({
  tried,
  says,
  right: BAD_TOKEN,
  by,
  run: (door) =>
    door.knock({ target: `/${door.room}`, headers: [`Authorization: Bearer ${token(door)}`] }),
});

/**
 * Connects with these claims. The answer can ask the server who it is.
 * @param {Door} door @param {Record<string, unknown>} claims
 */
async function connectAs(door, claims) {
  const socket = new WebSocket(`ws://127.0.0.1:${door.usual.port}/${door.room}`, {
    headers: { authorization: `Bearer ${door.mint(claims)}` },
    handshakeTimeout: 5_000,
  });
  /** @type {{ event: string, data: any }[]} */
  const received = [];
  let wake = () => {};
  socket.on('message', (/** @type {Buffer} */ data) => {
    received.push(JSON.parse(data.toString()));
    wake();
  });
  socket.on('error', () => wake());
  socket.on('close', () => wake());
  /** The first message with one of these events; undefined when none comes. @param {...string} events */
  const first = async (...events) => {
    const deadline = setTimeout(() => socket.terminate(), 5_000);
    const find = () => received.find(({ event }) => events.includes(event));
    while (!find() && socket.readyState < WebSocket.CLOSING)
      await new Promise((resolve) => (wake = () => resolve(undefined)));
    clearTimeout(deadline);
    return find();
  };
  await first('hello');
  return {
    /** @returns {Promise<string>} */
    who: async () => {
      socket.send(JSON.stringify({ event: 'who', id: 1 }), () => {});
      const answer = await first('you', 'exception');
      if (!answer) return 'closed';
      return answer.event === 'you' ? answer.data : answer.data.code;
    },
    close: () => socket.terminate(),
  };
}

const ORIGIN_BLAMED = /request origin not allowed/;

/**
 * Whether the server's log says where a credential was seen and in what shape.
 * @param {string | Parts} sent the value of the Authorization header, or other parts @param {RegExp} named @returns {Check}
 */
function seen(sent, named) {
  const parts = typeof sent === 'string' ? { headers: [`Authorization: ${sent}`] } : sent;
  const check = handshake(
    { ...parts, server: 'development' },
    '',
    only('refused, named'),
    'no RFC: what a developer looks for',
  );
  return {
    ...check,
    run: async (door) => {
      const before = door.development.output.length;
      if ((await check.run(door)) === 'in') return 'in';
      let said = '';
      for (const end = Date.now() + 5_000; Date.now() < end;) {
        said = door.development.output.slice(before);
        if (named.test(said)) return 'refused, named';
        if (ORIGIN_BLAMED.test(said)) return 'refused, the Origin blamed';
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return 'refused, not named';
    },
  };
}

/** Caddy makes its log when it first writes to it. @param {string} file */
const textOf = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/**
 * A good token through a proxy, whose access log is then searched for it.
 * @type {(proxy: string, parts: Parts, right: Right, by: string) => Check}
 */
const throughProxy = (proxy, { query = '', headers = [] }, right, by) => ({
  tried: `\`${query || headers[0]}\` through ${proxy}`,
  says: '',
  right,
  by,
  run: async (door) => {
    const { port, log } = door.proxies[proxy];
    const token = door.mint();
    const fill = (/** @type {string} */ text) => text.replace('<token>', token);
    const before = textOf(log).length;
    const target = `/${door.room}${fill(query)}`;
    const answer = await door.knock({ target, headers: headers.map(fill) }, port);
    // A proxy writes the line when the connection has ended, which is after its answer.
    let line = '';
    for (const end = Date.now() + 10_000; !line.includes(door.room) && Date.now() < end;) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      line = textOf(log).slice(before);
    }
    if (!line.includes(door.room)) return `${answer}, not logged`;
    return `${answer}, ${line.includes(token) ? 'token' : 'no token'} in the log`;
  },
});

/** @type {readonly Statement[]} */
export const STATEMENTS = [
  {
    id: 'header',
    title: 'The token goes in a header of the handshake',
    says: 'A WebSocket begins as an HTTP request, so its token goes where it always goes: `Authorization: Bearer <token>`.',
    checks: [
      {
        tried: "the article's function `test_auth_token`, run by pytest",
        says: 'in',
        right: only('passes'),
        by: 'RFC 6455 §4.1 item 12',
        run: (door) => door.pytest(),
      },
      authorization('Bearer <token>', 'in', IN, 'RFC 6750 §2.1'),
      handshake({ headers: ['authorization: Bearer <token>'] }, '', IN, 'RFC 9110 §5.1'),
      handshake({ tried: 'no credential' }, 'refused', NO_CREDENTIAL, 'RFC 6750 §3, §3.1'),
      handshake(
        { headers: [HEADER, HEADER], tried: `\`${HEADER}\`, twice` },
        '',
        BAD_REQUEST,
        'RFC 9110 §5.3, RFC 6750 §3.1',
      ),
    ],
  },
  {
    id: 'spelling',
    title: 'The word, its case and its space',
    says: 'The value is exactly `Bearer`, in this case, one space, and the token. Anything else is refused.',
    checks: [
      authorization('bearer <token>', 'refused', IN, 'RFC 9110 §11.1 (RFC 7235 §2.1)'),
      authorization('BEARER <token>', 'refused', IN, 'RFC 9110 §11.1 (RFC 7235 §2.1)'),
      authorization(
        'Bearer  <token>',
        'refused',
        IN,
        'RFC 9110 §11.4, RFC 6750 §2.1: `1*SP`',
        '`Authorization: Bearer␠␠<token>`',
      ),
      authorization(
        '  Bearer <token>  ',
        '',
        IN,
        'RFC 9110 §5.5: not of the value',
        '`Authorization:␠␠Bearer <token>␠␠`',
      ),
      authorization(
        'Bearer\t<token>',
        'refused',
        CHALLENGED,
        'RFC 9110 §11.4: no tab',
        '`Authorization: Bearer⇥<token>`',
      ),
      authorization('<token>', 'refused', CHALLENGED, 'RFC 9110 §11.4, RFC 6750 §2.1'),
      authorization('Bearer<token>', 'refused', CHALLENGED, 'RFC 9110 §11.4'),
      authorization('Bearer: <token>', 'refused', CHALLENGED, 'RFC 9110 §11.4'),
      authorization('Bearer "<token>"', 'refused', CHALLENGED, 'RFC 9110 §11.2: `token68`'),
      authorization('Bearer Bearer <token>', 'refused', CHALLENGED, 'RFC 6750 §2.1'),
      authorization('Bearer', 'refused', CHALLENGED, 'RFC 6750 §2.1'),
      authorization('Token <token>', 'refused', CHALLENGED, 'RFC 6750 §2.1, §3'),
      authorization('JWT <token>', 'refused', CHALLENGED, 'RFC 6750 §2.1, §3'),
      authorization('Basic <token>', 'refused', CHALLENGED, 'RFC 6750 §2.1, §3'),
    ],
  },
  {
    id: 'query',
    title: 'A token in the URL is not read',
    says: 'The server looks into the header and into form fields. So `?access_token=` is ignored, and the handshake fails.',
    checks: [
      handshake({ query: '?access_token=<token>' }, 'refused', BAD_REQUEST, 'RFC 9700 §4.3.2'),
      handshake({ query: '?%61ccess_token=<token>' }, 'refused', BAD_REQUEST, 'RFC 9700 §4.3.2'),
      handshake({ query: '?token=<token>' }, 'refused', BAD_REQUEST, 'RFC 9700 §4.3.2'),
      handshake(
        { query: '?access_token=<token>', headers: [HEADER] },
        '',
        BAD_REQUEST,
        'RFC 6750 §2, §3.1',
      ),
    ],
  },
  {
    id: 'form',
    title: 'A form body is of no use',
    says: 'The server also reads the form field `access_token`. A handshake is a GET without a body, so that is of no use.',
    checks: [
      handshake(
        { headers: [URLENCODED], body: 'access_token=<token>' },
        'refused',
        NOT_READ,
        'RFC 6750 §2.2: not with GET',
      ),
      handshake(
        {
          headers: [MULTIPART],
          body: PART,
          tried: '`Content-Type: multipart/form-data`, field `access_token`',
        },
        'refused',
        NOT_READ,
        'RFC 6750 §2.2: not with GET',
      ),
      handshake(
        { method: 'POST', headers: [URLENCODED], body: 'access_token=<token>' },
        'refused',
        WRONG_METHOD,
        'RFC 6455 §4.1 item 2, RFC 9110 §15.5.6',
      ),
      handshake(
        { method: 'POST', headers: [HEADER] },
        'refused',
        WRONG_METHOD,
        'RFC 6455 §4.1 item 2, RFC 9110 §15.5.6',
      ),
    ],
  },
  {
    id: 'before',
    title: 'The token is verified before the upgrade',
    says: 'The check is called before the 101. So a client with a bad token never has a WebSocket.',
    checks: [
      badToken('signed with another secret', 'refused', 'RFC 7515 §5.2, RFC 6750 §3.1', (door) =>
        door.mint({ secret: `${door.secret}x` }),
      ),
      badToken('expired a minute ago', 'refused', 'RFC 7519 §4.1.4, RFC 6750 §3.1', (door) => {
        const now = Math.floor(Date.now() / 1000);
        return door.mint({ iat: now - 120, exp: now - 60 });
      }),
      badToken('not signed, `"alg":"none"`', 'refused', 'RFC 8725 §3.1, §3.2', (door) => {
        const header = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
        return `${header}.${door.mint().split('.')[1]}.`;
      }),
      badToken('without an expiry', '', 'RFC 9068 §2.2', (door) => door.mint({ exp: undefined })),
      badToken('for another audience', '', 'RFC 7519 §4.1.3, RFC 8725 §3.9', (door) =>
        door.mint({ aud: 'another service' }),
      ),
    ],
  },
  {
    id: 'origin',
    title: 'The check stands where the Origin is checked',
    says: 'The token is checked in `CheckOrigin`. The article does not say what then checks the Origin.',
    checks: [
      handshake(
        { headers: [HEADER, 'Origin: https://evil.example'] },
        '',
        only('403'),
        'RFC 6455 §10.2, §4.2.2',
      ),
      handshake({ headers: [HEADER, 'Origin: null'] }, '', only('403'), 'RFC 6455 §10.2'),
      handshake({ headers: [HEADER, 'Origin: http://127.0.0.1:<port>'] }, '', IN, 'RFC 6455 §10.2'),
    ],
  },
  {
    id: 'keys',
    title: 'Keys are not in the source',
    says: 'The secret comes from the configuration, never from the source.',
    checks: [
      {
        tried: "the source, searched for this run's secret and for anything like a key",
        says: '',
        right: only('no key in it'),
        by: "no RFC: the article's own rule",
        run: async ({ sourceFile, secret }) => {
          const source = readFileSync(sourceFile, 'utf8');
          const isKey = /-----BEGIN|['"`][\w+/=-]{32,}['"`]/.test(source);
          return isKey || source.includes(secret) ? 'a key in it' : 'no key in it';
        },
      },
      {
        tried: 'started without a secret',
        says: '',
        right: only('does not start'),
        by: 'RFC 7518 §3.2',
        run: async (door) => ((await door.starts('')) ? 'starts' : 'does not start'),
      },
      {
        tried: 'started with a secret of six letters',
        says: '',
        right: only('does not start'),
        by: 'RFC 7518 §3.2: 256 bits',
        run: async (door) => ((await door.starts('secret')) ? 'starts' : 'does not start'),
      },
    ],
  },
  {
    id: 'user',
    title: 'The user is kept in the context or in a session',
    says: 'What the check learned about the user is kept, so that the code behind the upgrade has it.',
    checks: [
      {
        tried: 'two users at once, each asks who it is',
        says: 'in',
        right: only('alice is alice, bob is bob'),
        by: 'RFC 7519 §4.1.2',
        run: async (door) => {
          const alice = await connectAs(door, { sub: 'alice' });
          const bob = await connectAs(door, { sub: 'bob' });
          const answer = `alice is ${await alice.who()}, bob is ${await bob.who()}`;
          alice.close();
          bob.close();
          return answer;
        },
      },
      {
        tried: 'a user whose token has expired meanwhile asks who it is',
        says: '',
        right: only('token_expired'),
        by: 'RFC 7519 §4.1.4',
        run: async (door) => {
          const exp = Math.floor(Date.now() / 1000) + 2;
          const alice = await connectAs(door, { sub: 'alice', exp });
          await new Promise((resolve) => setTimeout(resolve, exp * 1000 + 300 - Date.now()));
          const answer = await alice.who();
          alice.close();
          return answer === 'alice' ? 'still alice' : answer;
        },
      },
    ],
  },
  {
    id: 'extractor',
    title: 'Who wants the token elsewhere writes an extractor',
    says: 'A server may read the token from a place of its own. Here both have an extractor for `X-Access-Token`.',
    checks: [
      handshake(
        { server: 'own', headers: ['X-Access-Token: <token>'] },
        'in',
        IN,
        'no RFC: both sides agreed',
      ),
      handshake({ server: 'own', headers: [HEADER] }, 'refused', CHALLENGED, 'RFC 6750 §3'),
      handshake(
        { server: 'own', query: '?access_token=<token>' },
        'refused',
        BAD_REQUEST,
        'RFC 9700 §4.3.2',
      ),
      handshake(
        { server: 'own', query: '?access_token=<token>', headers: ['X-Access-Token: <token>'] },
        '',
        BAD_REQUEST,
        'RFC 6750 §2, §3.1',
      ),
    ],
  },
  {
    id: 'arrival',
    title: 'Where the token arrived',
    says: 'A token in the wrong place is the usual mistake. The answers below are what the log of each server says about it.',
    checks: [
      seen({ tried: 'no credential' }, /no credential/),
      seen('<token>', /without a scheme/),
      seen('Bearer<token>', /no space after/),
      seen('Bearer: <token>', /colon/),
      seen(
        { headers: ['Authorization: Bearer\t<token>'], tried: '`Authorization: Bearer⇥<token>`' },
        /a tab/,
      ),
      seen('Bearer "<token>"', /quotes/),
      seen('Bearer Bearer <token>', /"Bearer" twice/),
      seen('Token <token>', /another scheme.*\(token\)/),
      seen('Basic <token>', /another scheme.*\(basic\)/),
      seen(
        { headers: [HEADER, HEADER], tried: `\`${HEADER}\`, twice` },
        /more than one Authorization/,
      ),
      seen({ headers: ['Cookie: access_token=<token>'] }, /a JWT in a cookie/),
      seen(
        { headers: ['Sec-WebSocket-Protocol: bearer, <token>'] },
        /a JWT in Sec-WebSocket-Protocol/,
      ),
      seen({ headers: ['X-Access-Token: <token>'] }, /a JWT in another header \(x-access-token\)/),
      seen({ query: '?id_token=<token>' }, /a JWT in the query string \(id_token\)/),
      seen({ query: '?anything=<token>' }, /a JWT in the query string/),
      seen({ headers: [URLENCODED], body: 'access_token=<token>' }, /in the body/),
    ],
  },
  {
    id: 'logs',
    title: 'Why not in the URL: logs',
    says: 'A URL is written down on its way, by servers, proxies and browsers. A header is not.',
    checks: [
      ...['nginx', 'Caddy'].flatMap((proxy) => [
        throughProxy(
          proxy,
          { headers: [HEADER] },
          only('in, no token in the log'),
          'RFC 6750 §2.1',
        ),
        throughProxy(
          proxy,
          { query: '?access_token=<token>' },
          only('400 invalid_request, token in the log'),
          'RFC 9700 §4.3.2, RFC 6750 §5.3',
        ),
      ]),
      {
        tried: 'what the server itself has printed by now',
        says: '',
        right: only('no token in it'),
        by: 'RFC 6750 §5.3',
        run: async (door) => {
          const output = door.usual.output + door.own.output + door.development.output;
          return door.minted.some((token) => output.includes(token))
            ? 'a token in it'
            : 'no token in it';
        },
      },
    ],
  },
];
