import { SubscribeMessage } from '@nestjs/websockets';
import {
  AuditSink,
  MemoryEngine,
  MemoryRevocationStore,
  RoomGateway,
  RoomPolicy,
  TokenExtractor,
  TokenVerifier,
} from 'nestjs-roomgate';
import { throwError } from 'rxjs';
import { ORDERS_KEY } from '../../src/room/orders.js';
import { CapturedLogger } from '../support/captured-logger.js';
import { dial } from '../support/dial.js';
import { setEnv } from '../support/env.js';
import { eventually } from '../support/poll.js';
import { ask, upgradeBytes } from '../support/raw-http.js';
import { RecordingSink } from '../support/recording-sink.js';
import { type RoomApp, type RoomAppOptions, startRoomApp } from '../support/room-app.js';

const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';
/** The only one that is allowed. */
const HOST = { host: '127.0.0.1' };
const WORDS = 'no such table: members';

function broken(): never {
  throw new Error(WORDS, { cause: new TypeError('the disk is full') });
}

class BrokenExtractor extends TokenExtractor {
  extract = broken;
}
class BrokenVerifier extends TokenVerifier {
  verify = broken;
}
class BrokenPolicy extends RoomPolicy {
  join = broken;
}
class RejectingPolicy extends RoomPolicy {
  async join(): Promise<never> {
    return broken();
  }
}
class CachedPolicy extends RejectingPolicy {
  override readonly cacheMs = 1_000;
}
class BrokenRight extends RoomPolicy {
  join(): boolean {
    return true;
  }
  override history = broken;
}
class BrokenEngine extends MemoryEngine {
  override subscribe(...args: Parameters<MemoryEngine['subscribe']>): never {
    return args[0] === ORDERS_KEY ? (super.subscribe(...args) as never) : broken();
  }
}
class BrokenSink extends AuditSink {
  record = broken;
}
class RejectingSink extends AuditSink {
  record(): void {
    return Promise.reject(new Error(WORDS)) as never;
  }
}
class BrokenStore extends MemoryRevocationStore {
  override confirmedAt = broken;
}

@RoomGateway('/:room')
class FailingGateway {
  @SubscribeMessage('boom')
  boom(): never {
    return broken();
  }

  @SubscribeMessage('later')
  async later(): Promise<never> {
    return broken();
  }

  @SubscribeMessage('stream')
  stream(): unknown {
    return throwError(() => new Error(WORDS));
  }
}

class SecondRoomPolicy extends RoomPolicy {
  join({ room }: { room: string }): boolean {
    return room === ROOM || broken();
  }
}

@RoomGateway('/hooked/:room', { rooms: 'hooked' })
class HookedGateway {
  handleConnection(): never {
    return broken();
  }
}

type Mode = [name: string, env: string, option: boolean | undefined, isTold: boolean];
const MODES: readonly Mode[] = [
  ['development', 'development', undefined, true],
  ['strict mode', 'production', undefined, false],
  ['strict mode with logErrorMessages', 'production', true, true],
];

describe.each(MODES)('An error of the application in %s', (_mode, env, option, isTold) => {
  const logger = new CapturedLogger();
  let app: RoomApp;
  let restore: () => void;

  async function start(options: RoomAppOptions): Promise<void> {
    restore = setEnv({ NODE_ENV: env });
    const roomgate = {
      allowedHosts: ['127.0.0.1'],
      ...(option === undefined ? {} : { logErrorMessages: option }),
    };
    app = await startRoomApp({ logger, roomgate, ...options });
  }

  afterEach(async () => {
    await app.close();
    restore();
    logger.text = '';
  });

  const token = (): string => app.issuer.mint({ rooms: [ROOM, ROOM.replace('a', 'b')] });
  const knock = async (): Promise<string> => {
    const headers = [`Authorization: Bearer ${token()}`];
    const { body } = await ask(app.port, upgradeBytes({ target: `/${ROOM}`, headers }));
    const text = String(body);
    expect(text).not.toContain(WORDS);
    return (JSON.parse(text || '{}') as { requestId: string }).requestId;
  };

  /** The lines about the failure: the sentence, then the stack. */
  function expectTold(what: string, about: string): void {
    const line = logger.text.split('\n').find((each) => each.startsWith(`${what} failed: `));
    expect(line).toContain(isTold ? `Error "${WORDS}"` : 'Error');
    expect(line).toContain(about);
    expect(logger.text).toMatch(/^\s+at .*failures\.e2e-spec/m);
    if (!isTold) expect(logger.text).not.toMatch(/no such table|the disk is full/);
  }

  it.each<[string, string, RoomAppOptions]>([
    ['an extractor', 'The token extractor', { extractor: BrokenExtractor }],
    ['a verifier', 'The token verifier', { verifier: BrokenVerifier }],
    ['a policy', 'The room policy', { policy: BrokenPolicy }],
    ['a policy that rejects', 'The room policy', { policy: RejectingPolicy }],
    ['a policy with a cache', 'The room policy', { policy: CachedPolicy }],
    ['a policy asked for a right', 'The room policy', { policy: BrokenRight }],
    ['an engine', 'The engine', { engine: BrokenEngine }],
  ])('has the request id in the log and in the audit event: %s', async (_who, what, options) => {
    await start({ defaultGateway: '/:room', auditSink: RecordingSink, ...options });
    const requestId = await knock();
    const sink = app.app.get<RecordingSink>(AuditSink, { strict: false });
    expect(sink.takeEvents()).toMatchObject([{ kind: 'refused', requestId }]);
    expectTold(what, `request ${requestId}`);
    if (isTold) expect(logger.text).toContain('caused by TypeError "the disk is full"');
  });

  it('does not make a flood of lines of a flood of requests, unless in development', async () => {
    await start({ defaultGateway: '/:room', policy: BrokenPolicy });
    for (let i = 0; i < 3; i++) await knock();
    const times = logger.text.split('The room policy failed: ').length - 1;
    expect(times).toBe(env === 'development' ? 3 : 1);
  });

  it.each<[string, string, RoomAppOptions]>([
    ['an audit sink', 'The audit sink', { auditSink: BrokenSink }],
    ['an audit sink that rejects', 'The audit sink', { auditSink: RejectingSink }],
    ['a revocation store', 'The revocation store', { revocationStore: BrokenStore }],
  ])('is in the log: %s', async (_who, what, options) => {
    await start({ defaultGateway: '/:room', ...options });
    await ask(app.port, upgradeBytes({ target: '/nowhere' }));
    const headers = [`Authorization: Bearer ${token()}`];
    if (options.revocationStore) await ask(app.port, upgradeBytes({ target: `/${ROOM}`, headers }));
    await eventually(() => logger.text.includes(`${what} failed: `), 'the failure to be logged');
    expectTold(what, '');
  });

  it.each(['boom', 'later', 'stream'])('is in the log: a handler, %s', async (event) => {
    await start({ providers: [FailingGateway] });
    const client = await dial(app.port, `/${ROOM}`, token(), HOST);
    const answer = await client.request(event);
    expect(answer).toMatchObject({ event: 'exception', data: { code: 'internal' } });
    expect(JSON.stringify(answer)).not.toContain(WORDS);
    const { connectionId } = client.hello;
    const about = event === 'stream' ? '' : `connection ${connectionId}`;
    expectTold(`The handler of "${event}"`, about);
    client.socket.terminate();
  });

  it('is in the log: a hook', async () => {
    await start({ providers: [HookedGateway] });
    const client = await dial(app.port, `/hooked/${ROOM}`, token(), HOST);
    await client.expectClosed(1011);
    expectTold('handleConnection', 'connection ');
  });

  it('is in the log: a policy that is asked by a message', async () => {
    await start({ defaultGateway: '/:room', policy: SecondRoomPolicy });
    const client = await dial(app.port, `/${ROOM}`, token(), HOST);
    const answer = await client.request('room.join', { room: ROOM.replace('a', 'b') });
    expect(answer).toMatchObject({ event: 'exception', data: { code: 'unavailable' } });
    expectTold('The room policy', 'subject "alice"');
    client.socket.terminate();
  });
});
