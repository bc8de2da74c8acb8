import { Observable, NEVER, throwError } from 'rxjs';

const thrower = (): never => {
  throw new Error('canary');
};

/** Every way in which application code fails that we call, by what it does. */
export const FAULTS: Readonly<Record<string, () => unknown>> = {
  'throws an error': () => {
    throw new Error('canary');
  },
  'throws nothing': () => {
    throw undefined; // oxlint-disable-line typescript/only-throw-error
  },
  'throws null': () => {
    throw null; // oxlint-disable-line typescript/only-throw-error
  },
  'throws a text': () => {
    throw 'canary'; // oxlint-disable-line typescript/only-throw-error
  },
  'throws an error that cannot be looked at': () => {
    throw new Unreadable();
  },
  'rejects with an error': () => Promise.reject(new Error('canary')),
  'rejects with nothing': () => Promise.reject(undefined), // oxlint-disable-line typescript/prefer-promise-reject-errors
  'rejects with a text': () => Promise.reject('canary'), // oxlint-disable-line typescript/prefer-promise-reject-errors
  'rejects with an error that cannot be looked at': () => Promise.reject(new Unreadable()),
  'rejects later': async () => {
    await new Promise((resolve) => setImmediate(resolve));
    throw new Error('canary');
  },
  'is thenable and throws': () => ({ then: thrower }), // oxlint-disable-line unicorn/no-thenable
};

/** An error of somebody who wanted to be clever. */
class Unreadable extends Error {
  override get name(): string {
    throw new Error('canary');
  }

  override get message(): string {
    throw new Error('canary');
  }

  override get stack(): string {
    throw new Error('canary');
  }
}

/** And the ways in which what a handler returns fails, when it is looked at. */
export const RESULT_FAULTS: Readonly<Record<string, () => unknown>> = {
  'an Observable that errs': () => throwError(() => new Error('canary')),
  'an Observable that errs with nothing': () => throwError(() => undefined),
  'an Observable that throws when it is subscribed to': () =>
    new Observable(() => {
      throw new Error('canary');
    }),
  'an Observable of somebody else that throws when it is subscribed to': () => ({
    lift: (): void => {},
    subscribe(): never {
      throw new Error('canary');
    },
  }),
  'an Observable that throws when it is let go': () =>
    new Observable(() => () => {
      throw new Error('canary');
    }),
  'an Observable that never says anything': () => NEVER,
  'an Observable that errs late': () =>
    new Observable((subscriber) => {
      setImmediate(() => subscriber.error(new Error('canary')));
    }),
  'what throws when it is looked at': () =>
    new Proxy(
      {},
      {
        get(_target, key): unknown {
          // Not a thenable: this is about us, not about the promise that it is returned in.
          if (key === 'then') return undefined;
          throw new Error('canary');
        },
      },
    ),
  'what throws when it becomes JSON': () => ({
    toJSON(): never {
      throw new Error('canary');
    },
  }),
  'an event whose data throws': () => ({
    event: 'said',
    data: {
      toJSON(): never {
        throw new Error('canary');
      },
    },
  }),
  'a cycle': () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    return cycle;
  },
  'a bigint': () => 1n,
  'a promise that never settles': () => new Promise(() => {}),
};
