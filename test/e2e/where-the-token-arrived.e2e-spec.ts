import { type AuditEvent, AuditSink } from 'nestjs-roomgate';
import type { SeenCredential } from '../../src/admission/credential.js';
import { CANARY, expectNoCanary, mintCanary } from '../support/canary.js';
import { CapturedLogger } from '../support/captured-logger.js';
import { setEnv } from '../support/env.js';
import { ask, type RawAnswer, upgradeBytes, type UpgradeLines } from '../support/raw-http.js';
import { RecordingSink } from '../support/recording-sink.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';

const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';

type Row = [
  what: string,
  lines: (token: string) => Partial<UpgradeLines>,
  code: string,
  credential: Partial<SeenCredential> | undefined,
];

const header = (value: string): Partial<UpgradeLines> => ({ headers: [`Authorization: ${value}`] });
const query = (text: string): Partial<UpgradeLines> => ({ target: `/${ROOM}?${text}` });
const at = (shape: SeenCredential['shape'], name?: string): SeenCredential => ({
  place: 'authorization',
  shape,
  ...(name === undefined ? {} : { name }),
});

const SHAPES: readonly Row[] = [
  ['no header', () => ({}), 'no_token', { place: 'none', shape: 'none' }],
  ['an empty header', () => header(''), 'malformed_authorization', at('empty')],
  ['a raw token', (token) => header(token), 'malformed_authorization', at('raw_token')],
  ['an opaque raw token', () => header(CANARY), 'malformed_authorization', at('raw_token')],
  ['BearerX', (token) => header(`Bearer${token}`), 'malformed_authorization', at('no_space')],
  ['a dash', (token) => header(`Bearer-${token}`), 'malformed_authorization', at('no_space')],
  ['Bearer:', (token) => header(`Bearer: ${token}`), 'malformed_authorization', at('colon')],
  ['bearer:', (token) => header(`bearer:${token}`), 'malformed_authorization', at('colon')],
  ['Bearer=', (token) => header(`Bearer=${token}`), 'malformed_authorization', at('colon')],
  ['a tab', (token) => header(`Bearer\t${token}`), 'malformed_authorization', at('tab')],
  ['a tab too many', (token) => header(`Bearer \t${token}`), 'malformed_authorization', at('tab')],
  ['quotes', (token) => header(`Bearer "${token}"`), 'malformed_authorization', at('quotes')],
  [
    'single quotes',
    (token) => header(`Bearer '${token}'`),
    'malformed_authorization',
    at('quotes'),
  ],
  [
    'quotes around all',
    (token) => header(`"Bearer ${token}"`),
    'malformed_authorization',
    at('quotes'),
  ],
  [
    'Bearer Bearer',
    (token) => header(`Bearer Bearer ${token}`),
    'malformed_authorization',
    at('doubled_scheme'),
  ],
  ['Bearer alone', () => header('Bearer'), 'malformed_authorization', at('scheme_only')],
  [
    'two words',
    (token) => header(`Bearer ${token} x`),
    'malformed_authorization',
    at('several_words'),
  ],
  ['%20', (token) => header(`Bearer%20${token}`), 'malformed_authorization', at('encoded')],
  [
    'a bracket',
    (token) => header(`Bearer (${token})`),
    'malformed_authorization',
    at('characters'),
  ],
  [
    'the name in the value',
    (token) => header(`Authorization: Bearer ${token}`),
    'malformed_authorization',
    at('header_name'),
  ],
  ['undefined', () => header('Bearer undefined'), 'token_invalid', at('placeholder')],
  ['null', () => header('Bearer null'), 'token_invalid', at('placeholder')],
  [
    'an object',
    () => header('Bearer [object Object]'),
    'malformed_authorization',
    at('placeholder'),
  ],
  ['a variable', () => header('Bearer ${TOKEN}'), 'malformed_authorization', at('placeholder')],
  ['a template', () => header('Bearer <token>'), 'malformed_authorization', at('placeholder')],
  ['Token', (token) => header(`Token ${token}`), 'unsupported_scheme', at('other_scheme', 'token')],
  ['JWT', (token) => header(`JWT ${token}`), 'unsupported_scheme', at('other_scheme', 'jwt')],
  ['Basic', (token) => header(`Basic ${token}`), 'unsupported_scheme', at('other_scheme', 'basic')],
  ['Basic alone', () => header('Basic'), 'unsupported_scheme', at('other_scheme', 'basic')],
  ['any scheme', (token) => header(`${CANARY} ${token}`), 'unsupported_scheme', at('other_scheme')],
  [
    'a doubled header',
    (token) => ({ headers: [`Authorization: Bearer ${token}`, `authorization: Bearer ${token}`] }),
    'multiple_credentials',
    at('doubled_header'),
  ],
  ['a list', (token) => header(`Bearer ${token}, Bearer x`), 'multiple_credentials', at('list')],
  [
    'a cookie',
    (token) => ({ headers: [`Cookie: a=1; access_token=${token}`] }),
    'no_token',
    { place: 'cookie', shape: 'jwt', name: 'access_token' },
  ],
  [
    'a cookie of another name',
    (token) => ({ headers: [`Cookie: ${CANARY}=${token}`] }),
    'no_token',
    { place: 'cookie', shape: 'jwt' },
  ],
  [
    'any cookie',
    () => ({ headers: [`Cookie: sid=${CANARY}`] }),
    'no_token',
    { place: 'cookie', shape: 'text' },
  ],
  [
    'Sec-WebSocket-Protocol',
    (token) => ({ headers: [`Sec-WebSocket-Protocol: bearer, ${token}`] }),
    'no_token',
    { place: 'subprotocol', shape: 'jwt', name: 'bearer' },
  ],
  [
    'a subprotocol that is the token',
    (token) => ({ headers: [`Sec-WebSocket-Protocol: chat, ${token}`] }),
    'no_token',
    { place: 'subprotocol', shape: 'jwt' },
  ],
  [
    'an ordinary subprotocol',
    () => ({ headers: ['Sec-WebSocket-Protocol: graphql-ws'] }),
    'no_token',
    { place: 'none', shape: 'none' },
  ],
  ...(['X-Access-Token', 'X-Auth-Token', 'Proxy-Authorization', 'X-API-Key'] as const).map(
    (name): Row => [
      name,
      (token) => ({ headers: [`${name}: ${token}`] }),
      'no_token',
      { place: 'header', shape: 'jwt', name: name.toLowerCase() },
    ],
  ),
  [
    'a header of any name',
    (token) => ({ headers: [`X-${CANARY}: ${token}`] }),
    'no_token',
    { place: 'header', shape: 'jwt' },
  ],
  ...(
    [
      ['access_token=', 'access_token'],
      ['id_token=', 'id_token'],
      ['auth=', 'auth'],
      ['jwt=', 'jwt'],
      ['accessToken=', 'access_token'],
      ['ACCESS-TOKEN=', 'access_token'],
      ['id%5Ftoken=', 'id_token'],
      ['%2569d_token=', 'id_token'],
      ['token%5B%5D=', 'token'],
      ['token[0]=', 'token'],
      ['auth[token]=', 'auth'],
      ['data%5Bjwt%5D=', 'jwt'],
      ['x=1;token=', 'token'],
    ] as const
  ).flatMap(([text, name]): Row[] => [
    [
      `?${text}<jwt>`,
      (token) => query(text + token),
      'token_in_query',
      { place: 'query', shape: 'jwt', name },
    ],
    [
      `?${text}<text>`,
      () => query(text + CANARY),
      'token_in_query',
      { place: 'query', shape: 'text', name },
    ],
    [`?${text}`, () => query(text), 'token_in_query', { place: 'query', shape: 'empty', name }],
  ]),
  ['?jwt', () => query('jwt'), 'token_in_query', { place: 'query', shape: 'empty', name: 'jwt' }],
  [
    'a form body',
    () => ({ headers: ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 10'] }),
    'bad_request',
    { place: 'body', shape: 'form' },
  ],
  [
    'a body of no type',
    () => ({ headers: ['Content-Length: 10'] }),
    'bad_request',
    { place: 'body', shape: 'text' },
  ],
  [
    'a form that is posted',
    () => ({ method: 'POST', headers: ['Content-Type: multipart/form-data; boundary=x'] }),
    'method_not_allowed',
    { place: 'body', shape: 'form' },
  ],
  [
    'a content type of a form alone',
    () => ({ headers: ['Content-Type: application/x-www-form-urlencoded'] }),
    'no_token',
    { place: 'body', shape: 'form' },
  ],
  [
    'a content type of JSON alone',
    () => ({ headers: ['Content-Type: application/json'] }),
    'no_token',
    { place: 'body', shape: 'json' },
  ],
];

describe.each(['test', 'production'])('Where the token arrived, with NODE_ENV=%s', (nodeEnv) => {
  const logger = new CapturedLogger();
  let app: RoomApp;
  let sink: RecordingSink;
  let restore: () => void;

  beforeAll(async () => {
    restore = setEnv({ NODE_ENV: nodeEnv });
    const roomgate = { allowedHosts: ['127.0.0.1'] };
    app = await startRoomApp({
      defaultGateway: '/:room',
      auditSink: RecordingSink,
      logger,
      roomgate,
    });
    sink = app.app.get<RecordingSink>(AuditSink, { strict: false });
  });

  afterAll(async () => {
    await app.close();
    restore();
  });

  async function knock(
    lines: (token: string) => Partial<UpgradeLines>,
  ): Promise<{ answer: RawAnswer; event: AuditEvent; problem: Record<string, unknown> }> {
    sink.takeEvents();
    const token = mintCanary(app.issuer, { rooms: [ROOM] });
    const answer = await ask(app.port, upgradeBytes({ target: `/${ROOM}`, ...lines(token) }));
    const [event, ...more] = sink.takeEvents();
    expect(more).toEqual([]);
    expectNoCanary(`${answer.bytes.toString('latin1')}${JSON.stringify(event)}`, token);
    return { answer, event: event as AuditEvent, problem: JSON.parse(String(answer.body)) };
  }

  it.each(SHAPES)('is told for a refusal because of %s', async (_what, lines, code, credential) => {
    const { event, problem } = await knock(lines);
    expect([problem.code, event.credential]).toEqual([code, credential]);
    expect(event.requestId).toBe(problem.requestId);
  });

  it('is told to the client in development alone', async () => {
    const { problem } = await knock((token) => ({ headers: [`Cookie: token=${token}`] }));
    const short = 'Send a bearer token in the Authorization header.';
    if (nodeEnv === 'production') expect(problem.detail).toBe(short);
    else expect(problem.detail).toMatch(/^Send a bearer .*\. Seen: a JWT in a cookie \(token\)\. /);
  });

  it('says nothing about a token that is not believed but that it came where it belongs', async () => {
    const { event, problem } = await knock((token) =>
      header(`Bearer ${token.slice(0, -8)}AAAAAAAA`),
    );
    expect(event.credential).toEqual(at('bearer'));
    expect(problem.detail).toBe('The token is not valid.');
  });

  it('is no question for a token behind two spaces, which gets in', async () => {
    sink.takeEvents();
    const token = app.issuer.mint({ rooms: [] });
    await ask(app.port, upgradeBytes({ target: `/${ROOM}`, ...header(`Bearer  ${token}`) }));
    expect(sink.takeEvents()).toMatchObject([{ reason: 'room_forbidden' }]);
  });
});
