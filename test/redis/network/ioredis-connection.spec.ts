import { Cluster, Redis } from 'ioredis';
import { IoredisDialer } from '../../../src/redis/network/ioredis-connection.js';
import { caught } from '../../support/caught.js';

const EVENTS = { message: () => undefined, closed: () => undefined };

describe('IoredisDialer', () => {
  const client = new Redis({ lazyConnect: true, keyPrefix: 'app:', enableOfflineQueue: true });

  /** A client that remembers what its copies were told, and whose copies never connect. */
  const recording = (copies: Record<string, unknown>[]): Redis =>
    Object.assign(Object.create(client) as Redis, {
      duplicate: (options: Record<string, unknown>) => {
        copies.push(options);
        return Object.assign(client.duplicate(options), { connect: async () => undefined });
      },
    });

  it('copies the client without its prefix, its queue, its retries and its repetitions', async () => {
    const copies: Record<string, unknown>[] = [];
    const dialer = new IoredisDialer(recording(copies), 1_234);
    await dialer.dial(EVENTS, new AbortController().signal);
    for (const options of copies) {
      expect(options).toMatchObject({
        keyPrefix: '',
        enableOfflineQueue: false,
        autoResendUnfulfilledCommands: false,
        autoResubscribe: false,
        maxRetriesPerRequest: 0,
        disconnectTimeout: 0,
        connectTimeout: 1_234,
      });
      expect((options.retryStrategy as () => unknown)()).toBeNull();
    }
  });

  it('refuses a client whose copies queue or repeat what they were told not to', () => {
    for (const kept of [{ enableOfflineQueue: true }, { autoResendUnfulfilledCommands: true }]) {
      const stubborn = Object.assign(Object.create(client) as Redis, {
        duplicate: (options: object) => client.duplicate({ ...options, ...kept }),
      });
      const error = caught(() => new IoredisDialer(stubborn, 1_000));
      expect(error).toMatchObject({ code: 'unsafe_options' });
    }
  });

  it('takes nothing but their addresses from the nodes of a cluster', async () => {
    const copies: Record<string, unknown>[] = [];
    const node = recording(copies);
    const cluster = new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true });
    Object.assign(cluster, { nodes: () => [node] });
    const dialer = new IoredisDialer(cluster, 1_000);
    expect(dialer.seeds()).toEqual([{ host: 'localhost', port: 6379 }]);
    await dialer.dial(EVENTS, new AbortController().signal, dialer.seeds()[0]);
    expect(copies).toEqual([expect.objectContaining({ enableOfflineQueue: false, keyPrefix: '' })]);
    cluster.disconnect();
  });
});
