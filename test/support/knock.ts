import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { FakeClock } from 'nestjs-roomgate/testing';
import { createVerifyClient, PendingUpgrade } from '../../src/adapter/verify-client.js';
import type { Admission, Admitted } from '../../src/admission/admission.js';
import type { Refusal } from '../../src/admission/refusals.js';

export const DEADLINE_MS = 5_000;

/** One upgrade at the choke point, with an admission that answers when the test says so. */
export class Knock {
  readonly clock = new FakeClock();
  readonly refusals: string[] = [];
  readonly socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  readonly request = { socket: this.socket } as unknown as IncomingMessage;
  // All but the socket is for those who are not there.
  readonly upgrade = new PendingUpgrade(
    this.request,
    this.socket,
    Buffer.alloc(0),
    ...([] as unknown as [never, never, never, never]),
  );
  callbacks: unknown[][] = [];
  released = 0;
  isCorkedAtCallback = 0;
  lastLook: () => Refusal | undefined = () => undefined;
  opened = 0;
  onCallback: () => void = () => {
    this.upgrade.admitted = undefined;
    this.opened += 1;
  };
  onRefuse: () => void = () => {};
  admit: () => Admitted | Refusal | Promise<Admitted | Refusal>;
  resolve!: (verdict: Admitted | Refusal) => void;
  reject!: (error: unknown) => void;
  readonly verifyClient;

  constructor({ isKnown = true } = {}) {
    const verdict = new Promise<Admitted | Refusal>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.admit = () => verdict;
    const admission = { admit: () => this.admit(), lastLook: () => this.lastLook() };
    this.verifyClient = createVerifyClient({
      admission: admission as unknown as Admission,
      clock: this.clock,
      verdictDeadlineMs: DEADLINE_MS,
      find: (request) => (isKnown && request === this.request ? this.upgrade : undefined),
      refuse: (_upgrade, refusal) => {
        this.refusals.push(`${refusal.code} ${refusal.reason}`);
        this.onRefuse();
      },
    });
  }

  readonly admitted = { release: () => void (this.released += 1) } as unknown as Admitted;

  knock(): this {
    const info = { req: this.request, origin: '', secure: false };
    this.verifyClient(info, (...args: unknown[]) => {
      this.callbacks.push(args);
      this.isCorkedAtCallback = this.socket.writableCorked;
      this.onCallback();
    });
    return this;
  }

  /** Lets promises and closes settle. */
  async settle(): Promise<this> {
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    return this;
  }
}
