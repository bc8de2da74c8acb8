import { eventually, HEALED_MS } from '../../support/poll.js';
import { principalOf } from '../../support/principal.js';
import { CLIENTS } from '../../support/redis/clients.js';
import { RedisServer } from '../../support/redis/redis-server.js';
import { RevocationNode } from '../../support/redis/revocation-node.js';
import { TcpProxy } from '../../support/redis/tcp-proxy.js';

const alice = principalOf({ jti: 'j', sid: 's' });
const bob = principalOf({ sub: 'bob' });

describe.each(CLIENTS)('Revocations on Redis by $name', (kind) => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let a: RevocationNode;
  let b: RevocationNode;
  const nodes: RevocationNode[] = [];

  async function boot(port = server.port): Promise<RevocationNode> {
    const node = await RevocationNode.start(port, { kind });
    nodes.push(node);
    return node;
  }

  beforeEach(async () => {
    server = await RedisServer.start();
    proxy = await TcpProxy.start(server.port);
    a = await boot();
    b = await boot(proxy.port);
  });
  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.stop()));
    await Promise.all([proxy.close(), server.stop()]);
  });

  const heard = (node: RevocationNode, principal = alice, patienceMs = HEALED_MS): Promise<void> =>
    eventually(() => node.refuses(principal), 'a revocation', patienceMs);
  const lifted = (node: RevocationNode, patienceMs = HEALED_MS): Promise<void> =>
    eventually(() => !node.refuses(alice), 'the end of a block', patienceMs);

  it.each<[string, (node: RevocationNode) => Promise<void>]>([
    ['a token', ({ service }) => service.revokeToken('j')],
    ['a session', ({ service }) => service.revokeSession('s')],
    ['a subject', ({ service }) => service.revokeSubject(alice, alice.claims.iat * 1000)],
    ['a block', ({ service }) => service.block(alice)],
  ])('reach every node, and one that boots later: %s', async (_, revoke) => {
    await revoke(a);
    expect(a.refuses(alice)).toBe(true);
    await heard(b);
    const c = await boot();
    expect(c.refuses(alice)).toBe(true);
    expect([a, b, c].map((node) => node.refuses(bob))).toEqual([false, false, false]);
  });

  it('reach a node that was cut off, when it is back', async () => {
    proxy.cut();
    await a.service.block(alice);
    await a.service.revokeToken('j');
    expect(b.refuses(alice)).toBe(false);
    await proxy.heal();
    await heard(b);
  });

  it('are given back to a Redis that has lost them, and so to a node that boots right then', async () => {
    await a.service.block(alice);
    await heard(b);
    await b.service.block(bob);
    await server.restart({ keepData: false });
    const c = await boot();
    await heard(c);
    await heard(c, bob);
    expect(await kept()).toEqual([`block ${alice.identity}`, `block ${bob.identity}`].sort());
  });

  it('are given back by those who hear of the first one after all were lost', async () => {
    await a.service.block(alice);
    await server.command('FLUSHALL');
    await b.service.block(bob);
    await eventually(async () => (await kept()).length === 2, 'both', HEALED_MS);
  });

  it('keep the order of block and unblock, also for a node that was cut meanwhile', async () => {
    for (let round = 0; round < 3; round++) {
      await a.service.block(alice);
      await heard(b);
      await b.service.unblock(alice);
      expect(b.refuses(alice)).toBe(false);
      await lifted(a);
    }
    await a.service.block(alice);
    await heard(b);
    proxy.cut();
    await a.service.unblock(alice);
    expect(a.refuses(alice)).toBe(false);
    expect(b.refuses(alice)).toBe(true);
    await proxy.heal();
    await lifted(b);
  });

  it('do not bring a lifted block back, whoever gives a Redis back what it lost', async () => {
    await a.service.block(alice);
    await heard(b);
    proxy.cut();
    await a.service.unblock(alice);
    await server.restart({ keepData: false });
    await proxy.heal();
    await lifted(b);
    await eventually(async () => (await kept()).length === 1, 'it to be kept', HEALED_MS);
    expect((await boot()).refuses(alice)).toBe(false);
    expect([a, b].map((node) => node.refuses(alice))).toEqual([false, false]);
  });

  it('are in force here while Redis is down, and everywhere when it is back', async () => {
    await server.kill();
    await expect(a.service.revokeToken('j')).rejects.toMatchObject({ code: 'engine_unavailable' });
    expect(a.refuses(alice)).toBe(true);
    expect(b.refuses(alice)).toBe(false);
    await server.restart({ keepData: false });
    await heard(b);
    expect((await boot()).refuses(alice)).toBe(true);
  });

  it('are not lifted by an unblock that Redis has not got', async () => {
    await b.service.block(alice);
    await heard(a);
    proxy.cut();
    await expect(b.service.unblock(alice)).rejects.toMatchObject({ code: 'engine_unavailable' });
    expect(b.refuses(alice)).toBe(true);
    await proxy.heal();
    const isDone = (): Promise<boolean> =>
      b.service.unblock(alice).then(
        () => true,
        () => false,
      );
    await eventually(isDone, 'Redis to be reached', HEALED_MS);
    expect(b.refuses(alice)).toBe(false);
    await lifted(a);
  });

  it('come by the thousand', async () => {
    const tokens = Array.from({ length: 1_000 }, (_, at) => `t${at}`);
    await Promise.all(tokens.map((jti) => a.service.revokeToken(jti)));
    const all = tokens.map((jti) => principalOf({ jti }));
    const refusesAll = (node: RevocationNode): boolean => all.every((one) => node.refuses(one));
    await eventually(() => refusesAll(b), 'all', HEALED_MS);
    const c = await boot();
    expect(refusesAll(c)).toBe(true);
    await server.restart({ keepData: false });
    await eventually(async () => (await kept()).length === 1_000, 'all to be back', 2_000);
  });

  async function kept(): Promise<string[]> {
    const fields = await server.command<string[]>('HKEYS', '{test|revocations}');
    return fields.filter((field) => field.includes(' ')).sort();
  }
});
