import { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { WebSocket, WebSocketServer } from 'ws';
import type { ServerConnection } from '../../src/connection/connection.js';
import { LateSocket, RoomSocket, unfinishedMessage } from '../../src/connection/ws-socket.js';
import { propertyRuns } from '../support/property-runs.js';
import { clientFrame, type OddFrame, OPCODE, readFrames } from '../support/raw-frames.js';
import { WEBSOCKET_KEY } from '../support/raw-http.js';
import { answered, deliver, MAX_PAYLOAD, type Opened, tick, WsDoor } from '../support/ws-door.js';

const EVENTS = ['data', 'end', 'close'] as const;
const NOTHING = Buffer.alloc(0);
const PONG = clientFrame({ opcode: OPCODE.pong });
const HELLO = clientFrame({ payload: 'hello' });
const PING = clientFrame({ opcode: OPCODE.ping, payload: 'there?' });
const hex = (text: string): string => Buffer.from(text).toString('hex');
const HEARD_HELLO = `text ${hex('hello')}`;

/** As much of a request as ws looks at. */
const REQUEST = {
  method: 'GET',
  headers: {
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': WEBSOCKET_KEY,
  },
} as never;

function closeFrame(code: number, reason = ''): Buffer {
  const payload = Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
  return clientFrame({ opcode: OPCODE.close, payload });
}

const counts = (socket: Socket): number[] => EVENTS.map((event) => socket.listenerCount(event));

let plain: WsDoor<WebSocket>;
let late: WsDoor<LateSocket>;
let secure: readonly [WsDoor<WebSocket>, WsDoor<LateSocket>];

beforeAll(async () => {
  plain = await WsDoor.open(WebSocket);
  late = await WsDoor.open(LateSocket);
  secure = [await WsDoor.open(WebSocket, true), await WsDoor.open(LateSocket, true)];
});

afterAll(() => Promise.all([plain, late, ...secure].map((door) => door.close())));

describe('A late socket', () => {
  it('is asleep after the 101', async () => {
    const { ws, socket, events } = await late.dial();
    expect(ws.isAsleep).toBe(true);
    expect(ws.readyState).toBe(ws.CONNECTING);
    expect((ws as unknown as { _receiver: unknown })._receiver).toBeNull();
    expect(counts(socket)).toEqual(counts((await plain.dial()).socket));
    expect(events).toEqual([]);
  });

  it('counts the pongs that it sleeps through', async () => {
    const opened = await late.dial();
    for (let n = 1; n <= 3; n++) {
      await deliver(opened, clientFrame({ opcode: OPCODE.pong }));
      expect([opened.ws.pongs, opened.ws.isAsleep]).toEqual([n, true]);
    }
  });

  it('has no timeout of the server any more and sends without delay, as with ws', async () => {
    const calls = jest.spyOn(Socket.prototype, 'setNoDelay').mock;
    for (const door of [plain, late]) {
      let before: number | undefined;
      const { socket } = await door.dial({ before: (it) => (before = it.timeout) });
      expect(before).toBe(60_000);
      expect(socket.timeout).toBe(0);
      expect(calls.contexts.filter((it) => it === socket)).toHaveLength(1);
    }
    jest.restoreAllMocks();
  });

  it('needs no more than a stream', async () => {
    const [near, far] = duplexPair();
    const wss = new WebSocketServer({ noServer: true, WebSocket: LateSocket });
    const ws = await new Promise<LateSocket>((resolve) =>
      wss.handleUpgrade(REQUEST, near, NOTHING, resolve),
    );
    expect(ws.isAsleep).toBe(true);
    const message = new Promise((resolve) => ws.once('message', resolve));
    // Which is handed over as it is, and unmasked in its place.
    far.write(Buffer.from(HELLO));
    expect(String(await message)).toBe('hello');
    near.destroy();
  });

  it('is not opened a second time by another server, which would read along', async () => {
    const other = new WebSocketServer({ noServer: true });
    for (const door of [plain, late]) {
      const opened = await door.dial();
      expect(() => other.handleUpgrade(REQUEST, opened.socket, NOTHING, () => undefined)).toThrow(
        'called more than once with the same socket',
      );
      await deliver(opened, HELLO);
      expect(opened.events).toEqual([HEARD_HELLO]);
      expect(answered(opened)).toHaveLength(0);
    }
  });

  it('sleeps through pongs without a payload, however many, whatever masks them', async () => {
    const opened = await late.dial();
    const { bytesRead } = opened.socket;
    for (let mask = 0; mask < 100; mask++)
      await deliver(opened, Buffer.from(PONG).fill(mask, PONG.length - 4));
    expect(opened.ws.isAsleep).toBe(true);
    // By which the heartbeat sees that they came.
    expect(opened.socket.bytesRead - bytesRead).toBe(600);
    await deliver(opened, HELLO);
    expect(opened.events).toEqual([HEARD_HELLO]);
  });

  it.each<[string, Buffer[], string[]]>([
    ['with a payload', [clientFrame({ opcode: OPCODE.pong, payload: 'p' })], [`pong ${hex('p')}`]],
    ['that come together', [Buffer.concat([PONG, PONG])], []],
    ['in two parts', [PONG.subarray(0, 1), PONG.subarray(1)], []],
    ['in two parts, cut at the mask', [PONG.subarray(0, 2), PONG.subarray(2)], []],
    ['in two parts, cut at the end', [PONG.subarray(0, 5), PONG.subarray(5)], []],
    [
      'without a mask',
      [clientFrame({ opcode: OPCODE.pong, isMasked: false })],
      ['error Invalid WebSocket frame: MASK must be set'],
    ],
    [
      'without a mask, as long as one with a mask',
      [Buffer.concat([Buffer.from([0x8a, 4]), Buffer.alloc(4)])],
      ['error Invalid WebSocket frame: MASK must be set'],
    ],
    [
      'with reserved bits',
      [clientFrame({ opcode: OPCODE.pong, rsv: 0x10 })],
      ['error Invalid WebSocket frame: RSV2 and RSV3 must be clear'],
    ],
    [
      'that are no whole message',
      [clientFrame({ opcode: OPCODE.pong, fin: false })],
      ['error Invalid WebSocket frame: FIN must be set'],
    ],
  ])('wakes for pongs %s', async (_, chunks, events) => {
    const opened = await late.dial();
    await deliver(opened, PONG);
    for (const chunk of chunks) {
      await deliver(opened, chunk);
      expect(opened.ws.isAsleep).toBe(false);
    }
    expect(opened.events).toEqual(events);
    if (events[0]?.startsWith('error')) return;
    await deliver(opened, PING);
    await deliver(opened, HELLO);
    expect(opened.events).toEqual([...events, `ping ${hex('there?')}`, HEARD_HELLO]);
  });

  it('tells of a pong in two parts that it is unfinished, and of one that is whole nothing', async () => {
    const opened = await late.dial();
    await deliver(opened, PONG);
    expect(unfinishedMessage(opened.ws)).toBeUndefined();
    await deliver(opened, PONG.subarray(0, 3));
    expect(unfinishedMessage(opened.ws)).toBeInstanceOf(Object);
    await deliver(opened, PONG.subarray(3));
    expect(unfinishedMessage(opened.ws)).toBeUndefined();
  });

  it('wakes for a ping, and answers it', async () => {
    const opened = await late.dial();
    await deliver(opened, PING);
    await opened.client.until(() => answered(opened).length > 0);
    const [answer] = readFrames(answered(opened));
    expect(answer).toEqual({ opcode: OPCODE.pong, payload: Buffer.from('there?') });
  });

  it('gets a first message whole, wherever it is cut', async () => {
    for (let cut = 1; cut <= HELLO.length; cut++) {
      const opened = await late.dial();
      await deliver(opened, PONG);
      await deliver(opened, HELLO.subarray(0, cut));
      expect(opened.ws.isAsleep).toBe(false);
      if (cut < HELLO.length) await deliver(opened, HELLO.subarray(cut));
      expect(opened.events).toEqual([HEARD_HELLO]);
      opened.client.socket.destroy();
    }
  });

  it('never sleeps when something came with the request, in whole or in part', async () => {
    const whole = await late.dial({ head: HELLO });
    expect(whole.ws.isAsleep).toBe(false);
    await tick();
    expect(whole.events).toEqual([HEARD_HELLO]);
    const part = await late.dial({ head: HELLO.subarray(0, 3) });
    await deliver(part, HELLO.subarray(3));
    expect(part.events).toEqual([HEARD_HELLO]);
    for (const { socket } of [whole, part]) expect(socket.timeout).toBe(0);
  });

  it('leaves nothing on its socket when it has woken, and what ws puts there is the last', async () => {
    const [asPlain, asLate] = [await plain.dial(), await late.dial()];
    const own = EVENTS.map((event) => asLate.socket.listeners(event).at(-1));
    for (const opened of [asPlain, asLate]) await deliver(opened, HELLO);
    expect(counts(asLate.socket)).toEqual(counts(asPlain.socket));
    for (const event of EVENTS) {
      expect(asLate.socket.listeners(event)).toEqual(asPlain.socket.listeners(event));
      for (const listener of own) expect(asLate.socket.listeners(event)).not.toContain(listener);
    }
  });
});

/** For ws a socket that it was never given has not even opened. */
const hasGone = (ws: WebSocket): boolean =>
  ws.readyState === ws.CLOSED || (ws instanceof LateSocket && ws.isAsleep && !ws.isOpen);

describe('A late socket whose first event is its end', () => {
  it('closes with 1006 once when its client has nothing more to say', async () => {
    const opened = await late.dial();
    opened.client.socket.end();
    await Promise.all([opened.closed, opened.client.closed]);
    expect(opened.events).toEqual(['close 1006 ']);
    expect(answered(opened)).toHaveLength(0);
  });

  it('closes with 1006 once when its client resets it, without an error', async () => {
    const opened = await late.dial();
    opened.client.reset();
    await opened.closed;
    await tick();
    expect(opened.events).toEqual(['close 1006 ']);
    expect(hasGone(opened.ws)).toBe(true);
  });

  it('closes with 1006 once when its socket is destroyed on this side, with and without an error', async () => {
    for (const error of [undefined, new Error('gone')]) {
      const opened = await late.dial();
      opened.socket.destroy(error);
      await opened.closed;
      expect(opened.events).toEqual(['close 1006 ']);
    }
  });
});

describe('A late socket that sleeps', () => {
  it('says goodbye when it is closed, and takes the answer', async () => {
    const opened = await late.dial();
    opened.ws.close(4001, 'bye');
    await opened.client.until(() => answered(opened).length > 0);
    expect(answered(opened)).toEqual(Buffer.from('\x88\x05\x0f\xa1bye', 'latin1'));
    await deliver(opened, closeFrame(4001, 'bye'));
    await Promise.all([opened.closed, opened.client.closed]);
    expect(opened.events).toEqual([`close 4001 ${hex('bye')}`]);
  });

  it('is destroyed without a word when it is terminated', async () => {
    const opened = await late.dial();
    opened.ws.terminate();
    await Promise.all([opened.closed, opened.client.closed]);
    expect(opened.events).toEqual(['close 1006 ']);
    expect(answered(opened)).toHaveLength(0);
  });

  it('reads nothing while it is paused, and all of it afterwards', async () => {
    const opened = await late.dial();
    opened.ws.pause();
    expect(opened.ws.isPaused).toBe(true);
    await deliver(opened, HELLO);
    await tick();
    expect(opened.events).toEqual([]);
    opened.ws.resume();
    await tick();
    expect(opened.ws.isPaused).toBe(false);
    expect(opened.events).toEqual([HEARD_HELLO]);
  });

  it('is not changed by a resume', async () => {
    const opened = await late.dial();
    opened.ws.resume();
    expect(opened.ws.isAsleep).toBe(true);
    await deliver(opened, HELLO);
    expect(opened.events).toEqual([HEARD_HELLO]);
  });

  it.each(['close', 'terminate'] as const)(
    'closes once when its client has ended it and then comes a %s',
    async (how) => {
      const opened = await late.dial();
      const ended = new Promise((resolve) => opened.socket.once('end', resolve));
      opened.client.socket.end();
      await ended;
      opened.ws[how]();
      await Promise.all([opened.closed, opened.client.closed]);
      expect(opened.events).toEqual(['close 1006 ']);
    },
  );

  it.each(['close', 'terminate', 'pause'] as const)(
    'closes once when its socket is destroyed and then comes a %s',
    async (how) => {
      const opened = await late.dial();
      opened.socket.destroy();
      opened.ws[how]();
      await opened.closed;
      opened.ws[how]();
      await tick();
      expect(opened.events).toEqual(['close 1006 ']);
    },
  );
});

describe('Frames for a late socket', () => {
  it('may be written as long as somebody can read them', async () => {
    const [ended, destroyed, finished, awake] = await Promise.all(
      Array.from({ length: 4 }, () => late.dial()),
    );
    for (const { ws } of [ended, destroyed, finished, awake]) expect(ws.isOpen).toBe(true);
    const end = new Promise((resolve) => ended.socket.once('end', resolve));
    ended.client.socket.end();
    await end;
    expect(ended.ws.isOpen).toBe(false);
    destroyed.socket.destroy();
    expect(destroyed.ws.isAsleep).toBe(true);
    expect(destroyed.ws.isOpen).toBe(false);
    finished.socket.end();
    expect(finished.ws.isAsleep).toBe(true);
    expect(finished.ws.isOpen).toBe(false);
    await deliver(awake, HELLO);
    expect(awake.ws.isOpen).toBe(true);
    awake.ws.close();
    expect(awake.ws.isOpen).toBe(false);
    awake.ws.terminate();
    for (const { ws, closed } of [ended, destroyed, awake]) {
      await closed;
      expect(ws.isOpen).toBe(false);
    }
  });

  it('may be written until it is closed in its sleep', async () => {
    const { ws } = await late.dial();
    ws.close();
    expect(ws.isOpen).toBe(false);
  });
});

describe('Somebody else who listens to the socket, before ws', () => {
  const doors = (): readonly WsDoor<WebSocket>[] => [plain, late];

  it('may pause it without losing what has just come', async () => {
    for (const door of doors()) {
      let ws: WebSocket | undefined;
      const before = (socket: Socket): void => void socket.once('data', () => ws?.pause());
      const opened = await door.dial({ before });
      ({ ws } = opened);
      await deliver(opened, HELLO);
      expect(opened.events).toEqual([HEARD_HELLO]);
      opened.ws.resume();
      await deliver(opened, HELLO);
      expect(opened.events).toEqual([HEARD_HELLO, HEARD_HELLO]);
    }
  });

  it.each([
    ['end', 'close'],
    ['end', 'terminate'],
    ['close', 'close'],
    ['close', 'terminate'],
  ] as const)('may answer its %s with a %s, and is told that it has closed', async (event, how) => {
    for (const door of doors()) {
      let ws: WebSocket | undefined;
      const before = (socket: Socket): void => void socket.on(event, () => ws?.[how]());
      const opened = await door.dial({ before });
      ({ ws } = opened);
      if (event === 'end') opened.client.socket.end();
      else opened.client.reset();
      await Promise.all([opened.closed, opened.client.closed]);
      expect(opened.events).toEqual(['close 1006 ']);
    }
  });

  it('is told of all that comes, pongs too', async () => {
    const seen: Buffer[] = [];
    const before = (socket: Socket): void =>
      void socket.on('data', (bytes) => seen.push(Buffer.from(bytes)));
    const opened = await late.dial({ before });
    for (const bytes of [PONG, HELLO, PONG, PING]) await deliver(opened, bytes);
    expect(seen).toEqual([PONG, HELLO, PONG, PING]);
    expect(opened.events).toEqual([HEARD_HELLO, `ping ${hex('there?')}`]);
  });
});

type Deed = 'close' | 'terminate' | 'pause' | 'resume';

interface Script {
  readonly head?: Buffer;
  /** Done by somebody who listens before ws does, when it happens for the first time. */
  readonly beside?: readonly [event: (typeof EVENTS)[number], deed: Deed];
  /** Done in the turn of the 101. */
  readonly inTurn?: Deed;
  readonly steps: readonly (Buffer | Deed)[];
  readonly isReset?: boolean;
}

/** All that anybody can see of a connection, from its 101 to its end. */
async function play(door: WsDoor<WebSocket>, script: Script): Promise<unknown> {
  const { head, beside, inTurn, steps, isReset } = script;
  let ws: WebSocket | undefined;
  const act = (deed: Deed | undefined): void => {
    if (deed === 'close') ws?.close(4000, 'bye');
    else if (deed) ws?.[deed]();
  };
  const opened = await door.dial({
    head,
    before: (socket) => beside && socket.once(beside[0], () => act(beside[1])),
    inTurn: (it) => {
      ws = it;
      act(inTurn);
    },
  });
  const { socket, client, events, closed } = opened;
  for (const step of steps) {
    if (Buffer.isBuffer(step)) await deliver(opened, step);
    else act(step);
    // What is written to a socket that is gone would take with it what was not read yet.
    if (socket.destroyed) await client.closed;
    await tick();
  }
  if (isReset) client.reset();
  else client.socket.end();
  let isClosed = false;
  const end = Promise.all([closed, client.closed]).then(() => (isClosed = true));
  // Whoever listens beside may pause it again.
  for (; !isClosed; await tick()) opened.ws.resume();
  await end;
  return {
    events,
    answered: isReset ? undefined : answered(opened).toString('hex'),
    left: [...counts(socket), hasGone(opened.ws)],
  };
}

async function expectSame(
  [one, other]: readonly [WsDoor<WebSocket>, WsDoor<LateSocket>],
  script: Script,
): Promise<void> {
  const [expected, seen] = await Promise.all([play(one, script), play(other, script)]);
  expect(seen).toEqual(expected);
}

const ODD: Record<string, Buffer> = {
  'a text': HELLO,
  'an empty text': clientFrame({}),
  'text that is none': clientFrame({ payload: Buffer.from([0xc3, 0x28]) }),
  bytes: clientFrame({ opcode: OPCODE.binary, payload: Buffer.alloc(200, 1) }),
  'two texts': Buffer.concat([HELLO, clientFrame({ payload: 'again' })]),
  'a text in fragments': Buffer.concat([
    clientFrame({ fin: false, payload: 'hel' }),
    PING,
    clientFrame({ opcode: OPCODE.continuation, payload: 'lo' }),
  ]),
  'the rest of a text': clientFrame({ opcode: OPCODE.continuation, payload: 'lo' }),
  'too many fragments': Buffer.concat([
    clientFrame({ fin: false }),
    ...Array.from({ length: 6 }, () => clientFrame({ opcode: OPCODE.continuation, fin: false })),
  ]),
  'too long a text': clientFrame({ payload: Buffer.alloc(MAX_PAYLOAD + 1, 'x') }),
  'a text that claims too much': clientFrame({ claims: 1n << 62n }),
  'a text without a mask': clientFrame({ payload: 'hello', isMasked: false }),
  'a text with a reserved bit': clientFrame({ rsv: 0x40, payload: 'hello' }),
  'half a text': HELLO.subarray(0, 8),
  'a ping': PING,
  'an empty ping': clientFrame({ opcode: OPCODE.ping }),
  'too long a ping': clientFrame({ opcode: OPCODE.ping, payload: Buffer.alloc(126) }),
  'a pong': PONG,
  'a pong and a text': Buffer.concat([PONG, HELLO]),
  'a text and a pong': Buffer.concat([HELLO, PONG]),
  'a close': closeFrame(1000, 'done'),
  'a close without a code': clientFrame({ opcode: OPCODE.close }),
  'a close with half a code': clientFrame({ opcode: OPCODE.close, payload: 'x' }),
  'a close with a code of nobody': closeFrame(1005),
  'a close and a text': Buffer.concat([closeFrame(1001), HELLO]),
  'a frame of no kind': clientFrame({ opcode: 3 }),
  'one byte': Buffer.from([0x81]),
  'an HTTP request': Buffer.from('GET / HTTP/1.1\r\n\r\n'),
  zeroes: Buffer.alloc(20),
};

describe('To its client and to its listeners a late socket is as ws is', () => {
  const table = Object.entries(ODD);

  it.each(table)('when %s comes first', (_, bytes) =>
    expectSame([plain, late], { steps: [bytes, HELLO] }),
  );

  it.each(table)('when %s comes with the request', (_, head) =>
    expectSame([plain, late], { head, steps: [HELLO] }),
  );

  it.each(table)('when %s comes behind a pong, byte by byte', (_, bytes) =>
    expectSame([plain, late], {
      steps: [PONG, ...Array.from(bytes.subarray(0, 40), (byte) => Buffer.from([byte])), HELLO],
    }),
  );

  it.each(table)('when %s comes first over TLS', (_, bytes) =>
    expectSame(secure, { steps: [PONG, bytes, HELLO] }),
  );

  it.each(table)('when %s comes while it is paused, and then it is terminated', (_, bytes) =>
    expectSame([plain, late], { steps: [PONG, 'pause', bytes, PING, 'terminate'] }),
  );

  it.each(table)('when %s comes behind a close of ours', (_, bytes) =>
    expectSame([plain, late], { steps: ['close', bytes, 'close'] }),
  );

  it.each(table)('when %s comes, and a reset', (_, bytes) =>
    expectSame([plain, late], { steps: [bytes], isReset: true }),
  );

  it('whatever comes, however it is cut, and whatever is done to it', async () => {
    const known = fc.constantFrom(...Object.values(ODD), PONG, PONG, PONG);
    const frame = fc
      .record({
        opcode: fc.constantFrom(...Object.values(OPCODE), 3, 11),
        fin: fc.boolean(),
        rsv: fc.constantFrom(0, 0, 0, 0x10, 0x40),
        isMasked: fc.constantFrom(true, true, true, false),
        payload: fc.uint8Array({ maxLength: 130 }),
      })
      .map((odd: OddFrame) => clientFrame(odd));
    const garbage = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((it) => Buffer.from(it));
    const bytes = fc
      .array(fc.oneof({ weight: 3, arbitrary: known }, frame, garbage), {
        minLength: 1,
        maxLength: 4,
      })
      .map((parts) => Buffer.concat(parts));
    const chunks = fc
      .tuple(bytes, fc.array(fc.nat({ max: 40 }), { maxLength: 3 }))
      .map(([all, cuts]) => cut(all, cuts));
    const deed = fc.constantFrom<Deed>('close', 'terminate', 'pause', 'resume');
    const step = fc.oneof(fc.constant(PONG), deed).map((it) => [it]);
    const steps = fc
      .array(fc.oneof({ weight: 2, arbitrary: chunks }, step), { maxLength: 5 })
      .map((parts) => parts.flat());
    const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
      fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, arbitrary);
    const script = fc.record({
      head: seldom(bytes),
      beside: seldom(fc.tuple(fc.constantFrom(...EVENTS), deed)),
      inTurn: seldom(deed),
      steps,
      isReset: fc.boolean(),
    });
    const property = fc.asyncProperty(script, (it) => expectSame([plain, late], it));
    await fc.assert(property, propertyRuns(300));
  }, 60_000);
});

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const cuts = [0, ...at.filter((it) => it < bytes.length), bytes.length];
  cuts.sort((a, b) => a - b);
  const chunks = cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
  return chunks.filter(({ length }) => length > 0);
}

describe('ws, of which a private part is put off', () => {
  interface Call {
    readonly args: readonly unknown[];
    readonly before: readonly (readonly unknown[])[];
    readonly after: readonly (readonly unknown[])[];
  }

  const { setSocket } = WebSocket.prototype as unknown as {
    setSocket: (this: WebSocket, ...args: unknown[]) => void;
  };
  const calls: Call[] = [];
  const listeners = (socket: Socket): unknown[][] => EVENTS.map((it) => socket.rawListeners(it));

  class Watched extends WebSocket {
    setSocket(...args: unknown[]): void {
      const [socket] = args as [Socket];
      const before = listeners(socket);
      setSocket.apply(this, args);
      calls.push({ args, before, after: listeners(socket) });
    }
  }

  it('still has it, calls it once for a connection, and adds one listener for each event, as the last', async () => {
    expect(setSocket).toBeInstanceOf(Function);
    expect(Object.hasOwn(WebSocket.prototype, 'setSocket')).toBe(true);
    const door = await WsDoor.open(Watched);
    try {
      const before = (socket: Socket): void =>
        EVENTS.forEach((event) => socket.on(event, () => undefined));
      for (const head of [NOTHING, HELLO]) {
        const opened = await door.dial({ head, before });
        await deliver(opened, HELLO);
        opened.client.socket.end();
        await opened.closed;
        expect(calls).toHaveLength(1);
        const [call] = calls.splice(0) as [Call];
        expect(call.args).toEqual([opened.socket, head, expect.any(Object)]);
        expect(call.args[0]).toBe(opened.socket);
        expect(call.after.map((it) => it.slice(0, -1))).toEqual(call.before);
        for (const added of call.after) expect(added.at(-1)).toBeInstanceOf(Function);
      }
    } finally {
      await door.close();
    }
  });

  it('keeps all that it is given for its receiver', async () => {
    const options = async (door: WsDoor<WebSocket>): Promise<object> => {
      const opened = await door.dial();
      await deliver(opened, HELLO);
      const { _receiver } = opened.ws as unknown as { _receiver: Record<string, unknown> };
      const kept = Object.entries(_receiver).filter(([, it]) => typeof it !== 'object');
      return Object.fromEntries(kept);
    };
    const expected = await options(plain);
    expect(expected).toMatchObject({ _maxPayload: MAX_PAYLOAD, _maxFragments: 4, _isServer: true });
    expect(await options(late)).toEqual(expected);
  });
});

describe('The socket of a room', () => {
  /** What a socket passes on to its connection. */
  class Connection {
    readonly seen: unknown[] = [];
    socket: Socket | undefined;
    ended: unknown;

    awake(): void {
      this.seen.push('awake');
    }

    receive(bytes: Buffer): void {
      this.seen.push(bytes.toString());
    }

    onClosed(code: number): void {
      this.seen.push(code);
    }

    onPeerClosing(): void {
      this.seen.push('peer closing');
    }

    onFault({ code }: { readonly code: number }): void {
      this.ended = code;
    }
  }

  /** As it would be if ws began in another way than the one that is put off. */
  class NeverLate extends RoomSocket {}
  const { setSocket } = WebSocket.prototype as unknown as { setSocket: unknown };
  Object.defineProperty(NeverLate.prototype, 'setSocket', { value: setSocket });

  async function admit(
    door: WsDoor<RoomSocket>,
    head: Buffer,
  ): Promise<[Opened<RoomSocket>, Connection]> {
    const connection = new Connection();
    const inTurn = (ws: RoomSocket): void => ws.bind(connection as unknown as ServerConnection);
    const before = (socket: Socket): unknown => (connection.socket = socket);
    return [await door.dial({ head, before, inTurn }), connection];
  }

  it.each([
    ['that sleeps', RoomSocket, NOTHING],
    ['that was woken by what came with the request', RoomSocket, HELLO],
    ['that ws never put off', NeverLate, NOTHING],
  ])('%s tells its connection of everything once', async (_, kind, head) => {
    const door = await WsDoor.open(kind);
    try {
      const [opened, { seen }] = await admit(door, head);
      expect(opened.ws.isOpen).toBe(true);
      await deliver(opened, HELLO);
      opened.client.socket.end();
      await opened.closed;
      const first = head.length > 0 ? ['hello'] : [];
      expect(seen).toEqual(['awake', ...first, 'hello', 'peer closing', 1006]);
    } finally {
      await door.close();
    }
  });

  it.each([
    ['put off', RoomSocket],
    ['never put off', NeverLate],
  ])('remembers why ws has closed it: %s', async (_, kind) => {
    const door = await WsDoor.open(kind);
    try {
      const [opened, connection] = await admit(door, NOTHING);
      opened.client.write(clientFrame({ rsv: 0x10 }));
      await opened.closed;
      expect(connection.ended).toBe(1002);
    } finally {
      await door.close();
    }
  });
});
