import { randomUUID } from 'node:crypto';
import type { DevKey, DevRoom } from './development.js';
import { PROBE } from './live-log.js';
import { mintToken } from './mint-token.js';
import { Refused, RoomClient } from './room-client.js';

/** A request to the door: what it should answer, and what it did. */
export interface Probe {
  readonly request: string;
  readonly expected: string;
  readonly answer: string;
}

/** Five requests through the real socket, as any client would send them. */
export async function tryTheDoor(key: DevKey, { room, url }: DevRoom): Promise<Probe[]> {
  const token = await mintToken(key, PROBE, [room]);
  const members: RoomClient[] = [];

  /** What a client meets at the door. */
  const knock = async (at: string, credential?: string): Promise<string> => {
    const member = new RoomClient(at, credential);
    try {
      const { event, data } = await member.hello();
      members.push(member);
      return event === 'hello' && data.room === room ? '101 hello' : `101 ${event}`;
    } catch (error) {
      return error instanceof Refused ? `${error.status} ${error.code}` : 'no answer';
    }
  };

  /** Whether a second member hears the first, and the first is told so. */
  const say = async (): Promise<string> => {
    await knock(url, token);
    const [speaker, listener] = members;
    if (!speaker || !listener) return 'not admitted';
    const heard = new Promise<string>((resolve) => {
      listener.on('message', ({ event, data }) => {
        if (event === 'said' && data.data === 'hello') resolve('delivered');
      });
      AbortSignal.timeout(5_000).addEventListener('abort', () => resolve('not delivered'));
    });
    const reply = await speaker.request('say', 'hello');
    const outcome = reply.event === 'ack' ? 'acknowledged' : `refused ${reply.data.code}`;
    return `${await heard}, ${outcome}`;
  };

  const probes = [
    ['no token', '401 no_token', await knock(url)],
    ['the token in the query', '400 token_in_query', await knock(`${url}?access_token=${token}`)],
    ['the token in the header', '101 hello', await knock(url, token)],
    [
      'the same, another room',
      '403 room_forbidden',
      await knock(url.replace(room, randomUUID()), token),
    ],
    ['say hello', 'delivered, acknowledged', await say()],
  ] as const;
  await Promise.all(members.map((member) => member.close()));
  return probes.map(([request, expected, answer]) => ({ request, expected, answer }));
}
