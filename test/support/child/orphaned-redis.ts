import { RedisServer } from '../redis/redis-server.js';

const server = await RedisServer.start();
process.send?.({ pid: server.pid, folder: server.folder });
