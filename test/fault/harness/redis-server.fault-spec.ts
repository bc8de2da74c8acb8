import { existsSync } from 'node:fs';
import { nothingFor } from '../../support/poll.js';
import { RedisServer } from '../../support/redis/redis-server.js';
import { TcpProxy } from '../../support/redis/tcp-proxy.js';

describe('A Redis of our own', () => {
  let server: RedisServer;

  describe('that lives in memory', () => {
    beforeAll(async () => {
      server = await RedisServer.start();
    });
    afterAll(() => server.stop());

    it('refuses connections when it was killed, and has forgotten everything when it is back', async () => {
      await server.command('SET', 'written', 'before');
      await server.kill();
      expect(server.isAlive).toBe(false);
      await expect(server.command('PING')).rejects.toThrow();

      const { port } = server;
      await server.restart({ keepData: true });
      expect(server.port).toBe(port);
      expect(await server.command('GET', 'written')).toBeNull();
    });

    it('answers nothing while it is paused, and everything afterwards', async () => {
      await server.pause();
      const answer = server.command('INCR', 'counter');
      expect(await Promise.race([answer, nothingFor(200)])).toBe('nothing');
      expect(server.isAwake).toBe(false);

      server.resume();
      expect(await answer).toBe(1);
    });
  });

  describe('that writes to its disk', () => {
    beforeAll(async () => {
      server = await RedisServer.start({ persistent: true });
    });
    afterAll(() => server.stop());

    it('has what it answered when it was killed, and nothing when its disk is a new one', async () => {
      for (let count = 1; count <= 100; count++)
        expect(await server.command('INCR', 'counter')).toBe(count);
      await server.restart({ keepData: true });
      expect(await server.command('GET', 'counter')).toBe('100');

      await server.restart({ keepData: false });
      expect(await server.command('DBSIZE')).toBe(0);
    });
  });

  it('leaves nothing behind', async () => {
    server = await RedisServer.start({ persistent: true });
    const { pid, folder } = server;
    await server.pause();
    await server.stop();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(existsSync(folder)).toBe(false);
  });

  it('says why it did not start', async () => {
    const start = RedisServer.start({ config: { maxmemory: 'much' } });
    await expect(start).rejects.toThrow('argument must be a memory value');
  });
});

describe('A replica that is promoted', () => {
  let master: RedisServer;
  let link: TcpProxy;
  let replica: RedisServer;

  beforeAll(async () => {
    master = await RedisServer.start();
    link = await TcpProxy.start(master.port);
    replica = await RedisServer.start({ replicaOf: link.port });
  });
  afterAll(() => Promise.all([replica.stop(), link.close(), master.stop()]));

  it('has what reached it, and not what its master answered without it', async () => {
    await master.command('SET', 'reached', 'yes');
    await replica.waitForSync(master);

    link.blackhole();
    expect(await master.command('SET', 'alone', 'yes')).toBe('OK');
    await master.kill();
    await replica.promote();

    expect(await replica.command('GET', 'reached')).toBe('yes');
    expect(await replica.command('GET', 'alone')).toBeNull();
    expect(await replica.command('SET', 'later', 'yes')).toBe('OK');
  });

  it('is overwritten by the master that it follows again', async () => {
    await master.restart({ keepData: true });
    await link.heal();
    await replica.follow(link.port);
    await replica.waitForSync(master);
    expect(await replica.command('DBSIZE')).toBe(0);
  });
});
