// The control: the same client without an engine, PUBLISH and SUBSCRIBE on a connection each, a channel per room, bytes to who listens.
import { countOne, useBus } from './publishing.js';
import { redisClient } from './redis-clients.js';

export { steps } from './publishing.js';

/** @param {import('./publishing.js').PublishingOptions} options */
export async function start({ client, redisPort }) {
  const publisher = redisClient(client, redisPort);
  const subscriber = redisClient(client, redisPort);
  await Promise.all([publisher.connect(), subscriber.connect()]);
  if (client === 'ioredis') subscriber.on('messageBuffer', countOne);
  useBus({
    subscribe: (room) =>
      client === 'ioredis'
        ? subscriber.subscribe(channel(room))
        : subscriber.subscribe(channel(room), countOne, true),
    publish: (room, body) => publisher.publish(channel(room), body),
  });
}

/** As long as the engine's. @param {string} room */
function channel(room) {
  return `{bench|${room}}`;
}
