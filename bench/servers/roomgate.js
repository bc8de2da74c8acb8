// Ours, as a user writes it: the module, a gateway, two handlers.
import { HOST } from '../load/upgrade-request.js';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { decorateClass, decorateMethod } from './decorate.js';
import { listenWithNest } from './nest-app.js';
import { importPackageUnderTest } from './package-under-test.js';

/** @type {import('./server.types.js').StartServer} */
export async function start(options) {
  return startRoomgate(options, []);
}

/**
 * @param {import('./server.types.js').ServerOptions} options
 * @param {ClassDecorator[]} decorators  more of them for the gateway
 * @param {import('@nestjs/common').Provider[]} [providers]  more of them for the app
 * @param {any} [settings]  more options of the module, the policy, more imports, and what is done with the app before it listens
 */
export async function startRoomgate(
  { algorithm, verifyKey, issuer, audience },
  decorators,
  providers = [],
  settings = /** @type {any} */ ({}),
) {
  const { imports = [], policy, prepare, ...more } = settings;
  const { CurrentRoom, RoomGateway, RoomgateModule } = await importPackageUnderTest();

  class RoomsGateway {
    /** @param {unknown} data */
    echo(data) {
      return { event: 'echo', data };
    }

    /**
     * @param {any} room
     * @param {unknown} data
     */
    say(room, data) {
      return room.broadcast('said', data);
    }
  }

  decorateMethod(RoomsGateway, 'echo', [SubscribeMessage('echo')], [MessageBody()]);
  decorateMethod(RoomsGateway, 'say', [SubscribeMessage('say')], [CurrentRoom(), MessageBody()]);
  decorateClass([RoomGateway('/:room'), ...decorators], RoomsGateway);

  const key = algorithm === 'HS256' ? { secret: verifyKey } : verifyKey;
  const module = RoomgateModule.forRoot({
    issuers: [{ issuer, audience, algorithms: [algorithm], keys: [key] }],
    allowedHosts: [HOST],
    // The peers have no rate, and no limit of connections and rooms.
    maxMessagesPerWindow: 0,
    maxConnectionsPerSubject: 1_000_000,
    maxPendingUpgrades: 1_000_000,
    maxRoomsPerConnection: 1_000,
    policy,
    ...more,
  });
  const metadata = { imports: [module, ...imports], providers: [RoomsGateway, ...providers] };
  return listenWithNest(metadata, prepare);
}
