import { once } from 'node:events';
import {
  ensureDevKey,
  HOST,
  publishRoom,
  readPort,
  refuseTakenPort,
  roomAt,
} from '../support/development.js';
import { mintToken } from '../support/mint-token.js';
import { run, Sentence } from '../support/sentence.js';
import { createBalancer } from './balancer.js';
import { freePorts } from './free-ports.js';
import { clientCommands, tokenCommand } from './instructions.js';
import { ClusterNode } from './nodes.js';
import { RedisServer } from './redis-server.js';

const NODES = 3;

run(async () => {
  const key = ensureDevKey();
  const port = readPort();
  await refuseTakenPort(port, 'npm run cluster');
  const ports = await freePorts(NODES + 1, port);
  const [redisPort] = ports.splice(NODES);
  if (!redisPort) throw new Sentence(`There are no ${NODES + 1} free ports above ${port}.`);

  const redis = await RedisServer.start(redisPort);
  const nodes = ports.map((nodePort) => ClusterNode.start(nodePort, redisPort, port));
  const balancer = createBalancer(ports);
  const stop = async (): Promise<void> => {
    balancer.close();
    await Promise.all(nodes.map((node) => node.stop()));
    await redis.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM'])
    // Who has not gone by then is not waited for.
    process.once(signal, () => void stop().then(() => process.exit()));

  try {
    await Promise.all(nodes.map((node) => node.ready()));
    await once(balancer.listen(port, HOST), 'listening');
  } catch (error) {
    await stop();
    throw error;
  }

  const { room } = roomAt(port);
  publishRoom(roomAt(port));
  const urlOf = (at: number): string => `ws://${HOST}:${at}/${room}`;
  const alice = await mintToken(key, 'alice', [room]);
  const bob = await mintToken(key, 'bob', [room]);
  console.log(`
Room:   ${urlOf(port)}
${nodes.map((node, index) => `Node ${index + 1}: ${urlOf(node.port)} (process ${node.pid})`).join('\n')}
Redis:  ${HOST}:${redisPort} (process ${redis.pid})

Alice:  ${alice}
Bob:    ${bob}

${clientCommands(urlOf(port), alice)}

${tokenCommand(room)}

Try this: let several clients into the room, each on the next node (npm run chat), and

  kill -9 ${nodes[0]?.pid}      a node dies: its clients come back, to the others
  kill -STOP ${redis.pid}   Redis is gone: messages are answered engine_unavailable, and nobody is disconnected
  kill -CONT ${redis.pid}   all goes on within a second or so

Stop with Ctrl-C.`);
  for (const [index, node] of nodes.entries())
    void node.ended.then(() => console.log(`Node ${index + 1} has ended.`));
});
