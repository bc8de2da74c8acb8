import { type AppClient, CLIENTS } from '../../support/redis/clients.js';
import { eventually, nothingFor } from '../../support/poll.js';
import { RedisServer } from '../../support/redis/redis-server.js';
import { TcpProxy } from '../../support/redis/tcp-proxy.js';

describe.each(CLIENTS)('A client of $name', ({ single }) => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let app: AppClient;

  beforeEach(async () => {
    server = await RedisServer.start();
    proxy = await TcpProxy.start(server.port);
  });
  afterEach(async () => {
    app.close();
    await Promise.all([proxy.close(), server.stop()]);
  });

  it('connects when it can, and finds its way back', async () => {
    proxy.cut();
    app = single(proxy.port);
    expect(await Promise.race([app.ready, nothingFor(50)])).toBe('nothing');
    await proxy.heal();
    await app.ready;
    expect(await app.command('SET', 'key', 'value')).toBe('OK');

    proxy.disconnect();
    const isBack = (): Promise<boolean> =>
      app.command('GET', 'key').then(
        (value) => value === 'value',
        () => false,
      );
    await eventually(isBack, 'the client to find its way back');
  });

  it('may hear nothing of a command that was executed', async () => {
    app = single(proxy.port);
    await app.ready;
    const lost = proxy.loseReplyTo('INCR');
    const answer = app.command('INCR', 'counter').catch((error: Error) => error);
    await lost;

    expect(Number(await server.command('GET', 'counter'))).toBe(1);
    await answer;
  });
});
