import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import { duplexPair } from 'node:stream';
import type { INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { WebSocket } from 'ws';
import type { AdapterPorts } from '../../adapter/ports.js';
import { Clock } from '../../core/clock.js';
import { ROOMGATE_ADAPTER_PORTS } from '../../core/constants.js';
import { MAX_TIMER_MS } from '../../core/option-rules.js';
import type { RoomgateModuleOptions } from '../../module/options.js';
import { EXTRAS, type RoomgateModuleExtras } from '../../module/providers.js';
import { RoomgateModule } from '../../module/roomgate.module.js';
import { FakeClock } from './fake-clock.js';
import { TestConnection } from './test-connection.js';
import { TestIssuer, type TokenRequest } from './test-issuer.js';

export interface TestbedOptions extends ModuleMetadata, Omit<RoomgateModuleExtras, 'clock'> {
  /** Options of roomgate besides the testbed's own issuer. `maxMessagesPerWindow` is off unless given. */
  roomgate?: RoomgateModuleOptions;
  /** Called before the app is initialised: global pipes, guards, another adapter. */
  configure?: (app: INestApplication) => void;
}

export interface ConnectRequest extends TokenRequest {
  /** Default: the path of the first gateway with the first of `rooms` in it. */
  path?: string;
  headers?: Readonly<Record<string, string>>;
  /** Comes back to where it was in the room, by the connection it had then. */
  position?: { offset: number; epoch: string; connectionId?: string };
}

export interface RefusalResult {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly problem: { readonly code: string; readonly detail: string; readonly requestId: string };
}

/**
 * An app with RoomgateModule, a clock that stands still and no port: clients are real `ws` clients over a pipe in memory, so
 * everything from the upgrade request on is what users get.
 */
export async function createRoomgateTestbed(
  options: TestbedOptions = {},
): Promise<RoomgateTestbed> {
  const { roomgate, configure, imports = [], ...rest } = options;
  const clock = new FakeClock();
  const issuer = new TestIssuer(() => clock.now());
  // What shapes roomgate goes to its module, the rest is the metadata of the testing module.
  const extras = Object.entries(rest).filter(([name]) => Object.hasOwn(EXTRAS, name));
  const metadata = Object.entries(rest).filter(([name]) => !Object.hasOwn(EXTRAS, name));
  const module = await Test.createTestingModule({
    ...(Object.fromEntries(metadata) as ModuleMetadata),
    imports: [
      RoomgateModule.forRoot({
        issuers: [issuer.options],
        // A rate means nothing to a clock that stands still.
        maxMessagesPerWindow: 0,
        // Time that moves in leaps leaves nobody a moment to answer.
        pingIntervalMs: 0,
        messageTimeoutMs: MAX_TIMER_MS,
        closeTimeoutMs: MAX_TIMER_MS,
        ...roomgate,
        ...Object.fromEntries(extras.filter(([, value]) => value !== undefined)),
        clock: clockTypeOf(clock),
      }),
      ...imports,
    ],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  configure?.(app);
  await app.init();
  return new RoomgateTestbed(app, clock, issuer);
}

export class RoomgateTestbed {
  readonly #sockets = new Set<WebSocket>();

  constructor(
    readonly app: INestApplication,
    readonly clock: FakeClock,
    readonly issuer: TestIssuer,
  ) {}

  /** A provider of the app. */
  get<T>(token: Type<T> | (abstract new (...args: never[]) => T) | string | symbol): T {
    return this.app.get<T>(token as Type<T>, { strict: false });
  }

  /** A token that the app believes. */
  mint(request?: TokenRequest): string {
    return this.issuer.mint(request);
  }

  /** Connects with a fresh token and resolves when the greeting has come. */
  async connectAs({
    path,
    headers,
    position,
    ...token
  }: ConnectRequest = {}): Promise<TestConnection> {
    const rooms = token.rooms ?? [randomUUID()];
    const query = position ? `?${queryOf(position)}` : '';
    const socket = this.#dial(`${path ?? this.#path(rooms[0] as string)}${query}`, {
      authorization: `Bearer ${this.mint({ ...token, rooms })}`,
      ...headers,
    });
    const connection = new TestConnection(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('unexpected-response', (_request, response) =>
        reject(new Error(`The upgrade was refused with ${response.statusCode}.`)),
      );
      socket.once('error', reject);
    });
    connection.hello = (await connection.next('hello')).data as TestConnection['hello'];
    return connection;
  }

  /** Tries to connect and resolves with the refusal. Without `token` and an `authorization` header nothing is sent as a credential. */
  async expectRefused(
    status: number,
    code?: string,
    request: { token?: string; path?: string; headers?: Readonly<Record<string, string>> } = {},
  ): Promise<RefusalResult> {
    const headers = {
      ...(request.token !== undefined && { authorization: `Bearer ${request.token}` }),
      ...request.headers,
    };
    const socket = this.#dial(request.path ?? this.#path(randomUUID()), headers);
    const refusal = await new Promise<RefusalResult>((resolve, reject) => {
      socket.once('open', () =>
        reject(new Error(`Expected a refusal with ${status}, but the connection was admitted.`)),
      );
      socket.once('error', reject);
      socket.once('unexpected-response', (_request, response) => {
        let body = '';
        response.on('data', (chunk) => (body += String(chunk)));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            problem: JSON.parse(body) as RefusalResult['problem'],
          }),
        );
      });
    });
    if (refusal.status !== status || (code !== undefined && refusal.problem.code !== code)) {
      throw new Error(
        `Expected a refusal with ${status} ${code ?? ''}, but it was ${refusal.status} ${refusal.problem.code}.`,
      );
    }
    return refusal;
  }

  /** Moves the app's time on and lets what follows from it happen. */
  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settle();
  }

  /** Lets what was sent arrive. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  async close(): Promise<void> {
    let isClosed = false;
    const closed = this.app.close().finally(() => (isClosed = true));
    // Shutting down waits for clients by the clock, which nobody else moves on.
    while (!isClosed) await this.advance(1_000);
    await closed;
    for (const socket of this.#sockets) socket.terminate();
  }

  #path(room: string): string {
    const [first = '/:room'] = this.get<AdapterPorts>(ROOMGATE_ADAPTER_PORTS).routes.keys();
    return first.replace(':room', room);
  }

  #dial(path: string, headers: Readonly<Record<string, string>>): WebSocket {
    const [near, far] = duplexPair();
    // A pipe in memory does not tell its other end that it was torn.
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
    (this.app.getHttpServer() as Server).emit('connection', far);
    const socket = new WebSocket(`ws://testbed${path}`, {
      headers,
      createConnection: () => near as never,
    });
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    return socket;
  }
}

function queryOf(position: NonNullable<ConnectRequest['position']>): string {
  const given = Object.entries(position).filter(([, value]) => value !== undefined);
  return given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
}

/** The class by which a module, which makes its own clock, is given one that a test holds. */
export function clockTypeOf(clock: Clock): Type<Clock> {
  return class extends Clock {
    now = (): number => clock.now();
    override elapsed = (): number => clock.elapsed();
    setTimer = (callback: () => void, delayMs: number): (() => void) =>
      clock.setTimer(callback, delayMs);
  };
}
