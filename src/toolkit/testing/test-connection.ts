import type { WebSocket } from 'ws';

/** A message as it came from the server. */
export interface TestMessage {
  readonly event: string;
  readonly data?: any; // oxlint-disable-line typescript/no-explicit-any -- tests look into it
  readonly id?: string | number;
  /** Of a publication: its room, and in rooms that keep a history where it stands. */
  readonly room?: string;
  readonly offset?: number;
  readonly epoch?: string;
  /** What came as a binary frame; the event is `binary`. */
  readonly bytes?: Buffer;
}

/** What a client may say of a message beside its data. */
interface MessageMembers {
  readonly room?: string;
  readonly traceparent?: string;
}

interface Waiter {
  readonly wants: (message: TestMessage) => boolean;
  readonly resolve: (message: TestMessage) => void;
  readonly reject: (error: Error) => void;
}

/** How long a test waits, in real time, for something that is to come at once. */
const PATIENCE_MS = 2_000;

/** A client of a test, on a real `ws`. Messages are kept until they are asked for. */
export class TestConnection {
  /** The data of the greeting. */
  hello!: {
    connectionId: string;
    room: string;
    sub: string;
    ttlMs: number;
    serverTime: number;
    limits: { maxMessageBytes: number };
    position?: { offset: number; epoch: string };
  };
  readonly #received: TestMessage[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #closed: Promise<{ code: number; reason: string }>;
  #end: string | undefined;
  #lastId = 0;
  /** The event `binary`, which says what the next frame is. */
  #announced: TestMessage | undefined;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (bytes, isBinary) => this.#receive(bytes as Buffer, isBinary));
    this.#closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.#end = `the connection was closed with ${code}`;
        for (const { reject } of this.#waiters.splice(0))
          reject(new Error(`Waited for a message, but ${this.#end}.`));
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  /** The next message that was not asked for yet; with an event, the next one of that event. */
  next(event?: string): Promise<TestMessage> {
    return this.#wait(
      (message) => event === undefined || message.event === event,
      event ?? 'a message',
    );
  }

  /** Sends a message; with an id when a reply is wanted. */
  send(event: string, data?: unknown, id?: string | number, members?: MessageMembers): void {
    this.socket.send(JSON.stringify({ event, data, id, ...members }));
  }

  /** Sends a message and resolves with its terminal reply. */
  request(event: string, data?: unknown, members?: MessageMembers): Promise<TestMessage> {
    const id = `test-${++this.#lastId}`;
    const reply = this.#wait((message) => message.id === id, `the reply to "${event}"`);
    this.send(event, data, id, members);
    return reply;
  }

  /** What was received and not asked for yet. */
  get waiting(): readonly TestMessage[] {
    return this.#received;
  }

  /** Resolves when the server has closed with the code. */
  async expectClosed(code: number): Promise<{ code: number; reason: string }> {
    const closed = await within(
      this.#closed,
      `Expected a close with ${code}, but the connection stayed open.`,
    );
    if (closed.code !== code)
      throw new Error(
        `Expected a close with ${code}, but it was ${closed.code} (${closed.reason}).`,
      );
    return closed;
  }

  /** Closes and resolves when the server has answered. */
  async close(code = 1000): Promise<void> {
    this.socket.close(code);
    await within(this.#closed, 'The server did not answer the close.');
  }

  #wait(wants: (message: TestMessage) => boolean, what: string): Promise<TestMessage> {
    const index = this.#received.findIndex(wants);
    if (index !== -1) return Promise.resolve(this.#received.splice(index, 1)[0] as TestMessage);
    if (this.#end) return Promise.reject(new Error(`Waited for ${what}, but ${this.#end}.`));
    let waiter: Waiter | undefined;
    const promise = new Promise<TestMessage>((resolve, reject) =>
      this.#waiters.push((waiter = { wants, resolve, reject })),
    );
    // One that has given up must not take a message from those who ask later.
    return within(promise, `Waited for ${what}, but it did not come.`).finally(() => {
      const index = this.#waiters.indexOf(waiter as Waiter);
      if (index !== -1) this.#waiters.splice(index, 1);
    });
  }

  #receive(bytes: Buffer, isBinary: boolean): void {
    if (isBinary) this.#take({ ...(this.#announced ?? { event: 'binary' }), bytes });
    const message = isBinary ? undefined : (JSON.parse(String(bytes)) as TestMessage);
    this.#announced = message?.event === 'binary' ? message : undefined;
    if (message && !this.#announced) this.#take(message);
  }

  #take(message: TestMessage): void {
    const index = this.#waiters.findIndex(({ wants }) => wants(message));
    if (index === -1) this.#received.push(message);
    else this.#waiters.splice(index, 1)[0]?.resolve(message);
  }
}

async function within<T>(promise: Promise<T>, complaint: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>(
    (_, reject) => (timer = setTimeout(() => reject(new Error(complaint)), PATIENCE_MS)),
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
