import type { RoomgateTestbed, TestConnection } from 'nestjs-roomgate/testing';
import type { ServerConnection } from '../../src/connection/connection.js';
import { RoomgateNode } from '../../src/module/node.js';

export function nodeOf(testbed: RoomgateTestbed): RoomgateNode {
  return testbed.get(RoomgateNode);
}

/** The server's end of a test connection. */
export function serverEnd(testbed: RoomgateTestbed, client: TestConnection): ServerConnection {
  const connection = nodeOf(testbed).registry.get(client.hello.connectionId);
  if (!connection) throw new Error('The server has no such connection.');
  return connection;
}
