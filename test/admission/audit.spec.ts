import { FakeClock } from 'nestjs-roomgate/testing';
import { Audit, type AuditEvent, AuditSink } from '../../src/admission/audit.js';

class Sink extends AuditSink {
  readonly events: AuditEvent[] = [];

  constructor(private readonly after: () => unknown) {
    super();
  }

  record(event: AuditEvent): void {
    this.events.push(event);
    return this.after() as undefined;
  }
}

describe('Audit', () => {
  it('gives an event its time', () => {
    const sink = new Sink(() => undefined);
    new Audit(sink, new FakeClock(7_000)).record({ kind: 'admitted', reason: 'admitted' });
    expect(sink.events).toEqual([{ kind: 'admitted', reason: 'admitted', at: 7_000 }]);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('disk full');
      },
    ],
    [
      'throws nothing',
      () => {
        throw undefined as unknown as Error;
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
    ['answers nonsense', () => ({ catch: 'nonsense' })],
  ])('loses the event and nothing else when the sink %s', async (_how, after) => {
    const unhandled: unknown[] = [];
    const listen = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', listen);
    const sink = new Sink(after);
    const audit = new Audit(sink, new FakeClock());
    audit.record({ kind: 'admitted', reason: 'admitted' });
    audit.record({ kind: 'admitted', reason: 'admitted' });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', listen);
    expect(sink.events).toHaveLength(2);
    expect(unhandled).toEqual([]);
  });
});
