import { TestConnection } from 'nestjs-roomgate/testing';
import { WebSocket } from 'ws';

/** A real client on a real port, resolved when it was greeted; it rejects when it was refused. */
export async function dial(
  port: number,
  path: string,
  token: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): Promise<TestConnection> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, {
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
  });
  const connection = new TestConnection(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  connection.hello = (await connection.next('hello')).data as TestConnection['hello'];
  return connection;
}
