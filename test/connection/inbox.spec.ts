import { Inbox } from '../../src/connection/inbox.js';
import type { Message } from '../../src/connection/message.js';

/** Handlers that take as long as the test says. */
class Owner {
  readonly started: string[] = [];
  readonly pauses: boolean[] = [];
  idle = 0;
  readonly #running = new Map<string, () => void>();

  handle({ event }: Message): Promise<void> | undefined {
    this.started.push(event);
    if (event.startsWith('sync')) return undefined;
    return new Promise((resolve) => this.#running.set(event, resolve));
  }

  setPaused(isPaused: boolean): void {
    this.pauses.push(isPaused);
  }

  onIdle(): void {
    this.idle += 1;
  }

  async finish(event: string): Promise<void> {
    this.#running.get(event)?.();
    await Promise.resolve();
    await Promise.resolve();
  }
}

const message = (event: string): Message => ({ event, data: undefined });

describe('Inbox', () => {
  let owner: Owner;
  let inbox: Inbox;
  const push = (...events: string[]): void => events.forEach((event) => inbox.push(message(event)));

  beforeEach(() => {
    owner = new Owner();
    inbox = new Inbox(owner, 4);
  });

  it('keeps messages until it is opened', async () => {
    push('a', 'b');
    expect(owner.started).toEqual([]);
    inbox.open();
    expect(owner.started).toEqual(['a']);
  });

  it('hands out one message at a time, in order', async () => {
    inbox.open();
    push('a', 'sync', 'b', 'c');
    expect(owner.started).toEqual(['a']);
    expect(inbox.isBusy).toBe(true);
    await owner.finish('a');
    expect(owner.started).toEqual(['a', 'sync', 'b']);
    await owner.finish('b');
    await owner.finish('c');
    expect(owner.started).toEqual(['a', 'sync', 'b', 'c']);
    expect(inbox.isBusy).toBe(false);
  });

  it('handles at once what does not wait', () => {
    inbox.open();
    push('sync1', 'sync2');
    expect(owner.started).toEqual(['sync1', 'sync2']);
    expect(owner.pauses).toEqual([]);
  });

  it('pauses the socket when the bound is reached, and resumes below half of it', async () => {
    inbox.open();
    push('a', 'b', 'c', 'd');
    expect(owner.pauses).toEqual([]);
    push('e');
    expect(owner.pauses).toEqual([true]);
    push('f');
    expect(owner.pauses).toEqual([true]);
    for (const event of ['a', 'b', 'c']) await owner.finish(event);
    expect(owner.pauses).toEqual([true]);
    await owner.finish('d');
    expect(owner.pauses).toEqual([true, false]);
    await owner.finish('e');
    expect(owner.started).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('pauses also before it is opened', () => {
    push('a', 'b', 'c', 'd');
    expect(owner.pauses).toEqual([true]);
  });

  it('goes on without a message that is skipped, and does not wait for it later', async () => {
    inbox.open();
    push('a', 'b', 'c');
    inbox.skip();
    expect(owner.started).toEqual(['a', 'b']);
    await owner.finish('a');
    expect(owner.started).toEqual(['a', 'b']);
    await owner.finish('b');
    expect(owner.started).toEqual(['a', 'b', 'c']);
  });

  it('hands out nothing after it was cleared', async () => {
    inbox.open();
    push('a', 'b');
    inbox.clear();
    await owner.finish('a');
    push('c');
    expect(owner.started).toEqual(['a']);
  });

  it('reads on after it was cleared, or the answer to our close would never be read', () => {
    inbox.open();
    push('a', 'b', 'c', 'd', 'e');
    inbox.clear();
    expect(owner.pauses).toEqual([true, false]);
    inbox.clear();
    expect(owner.pauses).toEqual([true, false]);
  });

  it('survives being cleared by the message it hands out', async () => {
    const clearing = new Inbox(
      {
        handle: ({ event }) => {
          owner.started.push(event);
          clearing.clear();
          return undefined;
        },
        setPaused: () => undefined,
        onIdle: () => undefined,
      },
      4,
    );
    clearing.push(message('a'));
    clearing.push(message('b'));
    clearing.open();
    expect(owner.started).toEqual(['a']);
  });

  it('pauses the socket when few messages wait that are big, and resumes it when they are handled', async () => {
    inbox.open();
    push('a');
    for (const event of ['b', 'sync', 'sync']) inbox.push(message(event), 100 * 1024);
    expect(owner.pauses).toEqual([true]);
    await owner.finish('a');
    expect(owner.pauses).toEqual([true]);
    await owner.finish('b');
    expect(owner.pauses).toEqual([true, false]);
    expect(owner.started).toEqual(['a', 'b', 'sync', 'sync']);
  });
});
