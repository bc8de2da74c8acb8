import { eventually } from '../poll.js';
import { RedisServer } from './redis-server.js';
import { TcpProxy } from './tcp-proxy.js';

const HOST = '127.0.0.1';
const MASTERS = 3;
const SLOTS = 16_384;
const PATIENCE_MS = 20_000;
const CONFIG = { 'cluster-enabled': 'yes', 'cluster-node-timeout': 1_000 };

export interface RedisClusterOptions {
  /** Whether each master has a replica. @default false */
  readonly replicas?: boolean;
  /**
   * Whether clients, and replicas that follow their master, meet the nodes through proxies, which the nodes
   * announce as their own ports. What the nodes tell each other on the cluster bus is not proxied.
   * @default false
   */
  readonly proxied?: boolean;
  /** Further directives of redis.conf for every node. */
  readonly config?: Readonly<Record<string, string | number>>;
}

/** What CLUSTER SLOTS says of a range: its bounds, then the address and id of its master, and its replicas. */
type SlotRange = readonly [number, number, readonly [string, number, string], ...unknown[]];

/** Three masters that share the slots, and perhaps a replica of each. */
export class RedisCluster {
  /** The masters of the beginning, then in the same order their replicas. */
  readonly nodes: RedisServer[] = [];
  /** One before each node; empty unless `proxied`. */
  readonly proxies: TcpProxy[] = [];
  readonly #ids = new Map<RedisServer, string>();

  private constructor(private readonly options: RedisClusterOptions) {}

  /** Resolves when every node serves and all say the same of who has which slots. */
  static async start(options: RedisClusterOptions = {}): Promise<RedisCluster> {
    const cluster = new RedisCluster(options);
    try {
      const length = options.replicas ? 2 * MASTERS : MASTERS;
      const added = await Promise.allSettled(Array.from({ length }, (_, at) => cluster.#add(at)));
      for (const one of added) if (one.status === 'rejected') throw one.reason;
      await cluster.#join();
      await cluster.waitForAgreement();
      for (const replica of cluster.nodes.slice(MASTERS))
        await replica.waitForSync(cluster.partnerOf(replica));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Where clients begin: the ports of the nodes, or of the proxies before them. */
  get ports(): number[] {
    return this.proxies.length > 0
      ? this.proxies.map(({ port }) => port)
      : this.nodes.map(({ port }) => port);
  }

  /** The proxy before a node. */
  proxyOf(node: RedisServer): TcpProxy {
    const proxy = this.proxies[this.nodes.indexOf(node)];
    if (!proxy) throw new Error('It has no proxy.');
    return proxy;
  }

  slotOf(key: string): Promise<number> {
    return this.#anyone().command('CLUSTER', 'KEYSLOT', key);
  }

  /** The master of a slot, as the nodes that are awake see it now. */
  async masterOf(slot: number): Promise<RedisServer> {
    const ranges = await this.#anyone().command<SlotRange[]>('CLUSTER', 'SLOTS');
    const range = ranges.find(([first, last]) => first <= slot && slot <= last);
    if (!range) throw new Error(`Nobody has slot ${slot}.`);
    return this.nodes.find((node) => this.#idOf(node) === range[2][2]) as RedisServer;
  }

  /** The other node of its shard: the replica of a master, the master of a replica. */
  partnerOf(node: RedisServer): RedisServer {
    const partner = this.nodes[(this.nodes.indexOf(node) + MASTERS) % (2 * MASTERS)];
    if (!partner) throw new Error('It has no replica.');
    return partner;
  }

  /**
   * Makes a master of a replica and resolves when the nodes that are awake agree on it.
   * @param how nothing: with its master's help, nothing is lost; `FORCE`: without the master; `TAKEOVER`: without asking anybody
   */
  async failover(replica: RedisServer, how?: 'FORCE' | 'TAKEOVER'): Promise<void> {
    await replica.command('CLUSTER', 'FAILOVER', ...(how ? [how] : []));
    await replica.waitFor('replication', ({ role }) => role === 'master', 'a promotion');
    await this.waitForAgreement();
  }

  /** Moves a slot with its keys. */
  async moveSlot(slot: number, to: RedisServer): Promise<void> {
    await this.beginMove(slot, to);
    await this.finishMove(slot, to);
  }

  /** Opens a slot: from here on its master asks for new keys to be sought at the other (ASK). */
  async beginMove(slot: number, to: RedisServer): Promise<void> {
    const from = await this.masterOf(slot);
    await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', this.#idOf(from));
    await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', this.#idOf(to));
  }

  /** Moves the keys of an open slot, and closes it. */
  async finishMove(slot: number, to: RedisServer): Promise<void> {
    const from = await this.masterOf(slot);
    const next = (): Promise<string[]> => from.command('CLUSTER', 'GETKEYSINSLOT', slot, 100);
    for (let keys = await next(); keys.length > 0; keys = await next())
      await from.command('MIGRATE', HOST, to.port, '', 0, PATIENCE_MS, 'KEYS', ...keys);
    for (const node of [to, from])
      await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', this.#idOf(to));
    await this.waitForAgreement();
  }

  /** Resolves when the nodes that are awake all serve, and say the same of who has which slots. */
  async waitForAgreement(): Promise<void> {
    await eventually(
      async () => {
        const views = await Promise.all(this.#awake().map((node) => this.#viewOf(node)));
        return views[0] !== '' && new Set(views).size === 1;
      },
      'the nodes of a cluster to agree',
      PATIENCE_MS,
    );
  }

  async stop(): Promise<void> {
    await Promise.all([
      ...this.nodes.map((node) => node.stop()),
      ...this.proxies.map((proxy) => proxy.close()),
    ]);
  }

  async #add(at: number): Promise<void> {
    const proxy = this.options.proxied ? await TcpProxy.start() : undefined;
    if (proxy) this.proxies[at] = proxy;
    const node = await RedisServer.start({
      config: {
        ...CONFIG,
        ...(proxy && { 'cluster-announce-port': proxy.port }),
        ...this.options.config,
      },
    });
    this.nodes[at] = node;
    proxy?.redirect(node.port);
    this.#ids.set(node, await node.command<string>('CLUSTER', 'MYID'));
  }

  async #join(): Promise<void> {
    const bounds = (share: number): number => Math.round((share * SLOTS) / MASTERS);
    for (const [share, master] of this.nodes.slice(0, MASTERS).entries()) {
      await master.command('CLUSTER', 'ADDSLOTSRANGE', bounds(share), bounds(share + 1) - 1);
      await master.command('CLUSTER', 'SET-CONFIG-EPOCH', share + 1);
    }
    for (const node of this.nodes)
      for (const other of this.nodes.slice(0, this.nodes.indexOf(node)))
        await node.command('CLUSTER', 'MEET', HOST, other.port);
    for (const replica of this.nodes.slice(MASTERS)) {
      const master = this.#idOf(this.partnerOf(replica));
      const isAccepted = (): Promise<boolean> =>
        replica.command('CLUSTER', 'REPLICATE', master).then(
          () => true,
          () => false, // it has not met its master yet
        );
      await eventually(isAccepted, 'a replica to meet its master', PATIENCE_MS);
    }
  }

  /** Who a node thinks leads and follows whom, with which slots; nothing while it does not serve. */
  async #viewOf(node: RedisServer): Promise<string> {
    try {
      const info = await node.command<string>('CLUSTER', 'INFO');
      const nodes = await node.command<string>('CLUSTER', 'NODES');
      return info.includes('cluster_state:ok') ? this.#view(nodes) : '';
    } catch {
      return '';
    }
  }

  /** What CLUSTER NODES says of the nodes that are awake; nothing if it misses one. */
  #view(nodes: string): string {
    const lines = nodes.split('\n').map((line) => line.split(' '));
    const views = this.#awake().map((node) => {
      const [id, , flags = 'noaddr', master, , , , , ...slots] =
        lines.find(([id]) => id === this.#idOf(node)) ?? [];
      if (/\b(fail|handshake|noaddr)\b/.test(flags)) return undefined;
      // In brackets: slots that are on the move, of which only their owners know.
      return [id, master, ...slots.filter((range) => !range.startsWith('['))].join(' ');
    });
    return views.includes(undefined) ? '' : views.join('\n');
  }

  #awake(): RedisServer[] {
    return this.nodes.filter((node) => node.isAwake);
  }

  #anyone(): RedisServer {
    const [node] = this.#awake();
    if (!node) throw new Error('No node is awake.');
    return node;
  }

  #idOf(node: RedisServer): string {
    return this.#ids.get(node) as string;
  }
}
