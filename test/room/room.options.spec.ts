import { resolveOptions } from '../../src/module/options.js';
import { RoomGateway } from '../../src/gateway/room-gateway.decorator.js';
import { refused } from '../support/caught.js';
import { failedBoot } from '../support/failed-boot.js';

const refusal = (rooms: unknown): ReturnType<typeof refused> =>
  refused(() => resolveOptions({ rooms } as never, false));

const IN = 'Expected option "rooms" to be an object in which ';
const HISTORY = 'size, ttlMs, maxBytes';
const INVALID_NAME = `${IN}names consist of lower-case letters, digits, "-" and "_", unlike `;

@RoomGateway('/:room')
class ChatGateway {}

describe('The option rooms', () => {
  it.each<[unknown]>([
    [{}],
    [{ orders: {} }],
    [{ orders: { history: true, presence: false, events: {}, maxMembers: 1 } }],
    [{ orders: { history: { size: 1, ttlMs: 1, maxBytes: 1_024 } } }],
    [{ orders: { history: { size: undefined }, presence: undefined } }],
    [{ orders: { presence: { describe: () => ({}), maxListed: 10_000 } } }],
    [{ 'a-b_9': {}, ['a'.repeat(64)]: {} }],
  ])('may be %j', (rooms) => {
    expect(refusal(rooms)).toBeUndefined();
  });

  it.each<[unknown, string]>([
    [[], 'Expected option "rooms" to be an object with room names as keys, got "[]".'],
    [null, 'Expected option "rooms" to be an object with room names as keys, got "null".'],
    ['orders', 'Expected option "rooms" to be an object with room names as keys, got "orders".'],
    [{ Orders: {} }, `${INVALID_NAME}"Orders", got `],
    [{ '': {} }, `${INVALID_NAME}"", got `],
    [{ 'a/b': {} }, `${INVALID_NAME}"a/b", got `],
    [{ ['a'.repeat(65)]: {} }, INVALID_NAME],
    [JSON.parse('{"__proto__":{"history":true}}'), `${INVALID_NAME}"__proto__", got `],
    [
      { orders: true },
      `${IN}"orders" is an object with history, presence, events, slowConsumer, maxMembers, got `,
    ],
    [{ orders: undefined }, `${IN}"orders" is an object with history, `],
    [{ orders: [] }, `${IN}"orders" is an object with history, `],
    [{ orders: { hist: true } }, `${IN}"orders" has no "hist" but only history, presence, `],
    [{ orders: { constructor: {} } }, `${IN}"orders" has no "constructor" but only history, `],
    [
      { orders: { history: 100 } },
      `${IN}"orders.history" is true, false or an object with ${HISTORY}, got `,
    ],
    [
      { orders: { history: null } },
      `${IN}"orders.history" is true, false or an object with ${HISTORY}`,
    ],
    [
      { orders: { history: [] } },
      `${IN}"orders.history" is true, false or an object with ${HISTORY}`,
    ],
    [
      { orders: { history: { max: 1 } } },
      `${IN}"orders.history" has no "max" but only ${HISTORY} (did you mean "size"?), got `,
    ],
    [
      { orders: { history: { size: 0 } } },
      `${IN}"orders.history.size" is an integer from 1 to 100000, got `,
    ],
    [{ orders: { history: { size: 1.5 } } }, `${IN}"orders.history.size" is an integer from 1 to`],
    [{ orders: { history: { size: '5' } } }, `${IN}"orders.history.size" is an integer from 1 to`],
    [
      { orders: { history: { ttlMs: 2 ** 31 } } },
      `${IN}"orders.history.ttlMs" is an integer from 1 to 2147483647`,
    ],
    [{ orders: { history: { ttlMs: Infinity } } }, `${IN}"orders.history.ttlMs" is an integer`],
    [
      { orders: { history: { maxBytes: 1_023 } } },
      `${IN}"orders.history.maxBytes" is an integer from 1024 to 16777216`,
    ],
    [{ orders: { history: { maxBytes: NaN } } }, `${IN}"orders.history.maxBytes" is an integer`],
    [
      { orders: { presence: 'on' } },
      `${IN}"orders.presence" is true, false or an object with describe, maxListed, got `,
    ],
    [
      { orders: { presence: { describe: {} } } },
      `${IN}"orders.presence.describe" is a function, got `,
    ],
    [
      { orders: { presence: { maxListed: 10_001 } } },
      `${IN}"orders.presence.maxListed" is an integer from 1 to 10000`,
    ],
    [
      { orders: { events: { said: {} } } },
      `${IN}"orders.events" is an object with events as keys and Standard Schemas as values`,
    ],
    [{ orders: { events: [] } }, `${IN}"orders.events" is an object`],
    [
      { orders: { maxMembers: 0 } },
      `${IN}"orders.maxMembers" is an integer from 1 to 10000000, got `,
    ],
    [{ fine: {}, orders: { maxMembers: -1 } }, `${IN}"orders.maxMembers" is an integer`],
  ])('cannot be %j', (rooms, sentence) => {
    const { code, message = '' } = refusal(rooms) ?? {};
    expect([code, message.slice(0, sentence.length)]).toEqual(['invalid_options', sentence]);
    expect(message).toMatch(/, got ".*"\.$/);
  });

  it.each([
    'maxRoomsPerConnection',
    'maxMembersPerRoom',
    'maxRooms',
    'maxRoomsPerSubject',
    'roomIdleMs',
    'maxHistoryBytes',
    'presenceRefreshMs',
    'presenceTtlMs',
  ])('has beside it %s, a whole number that is not negative', (name) => {
    for (const value of [-1, 1.5, NaN, Infinity, '5', null, true, 2n]) {
      const { code, message } =
        refused(() => resolveOptions({ [name]: value } as never, false)) ?? {};
      expect([code, message]).toEqual([
        'invalid_options',
        expect.stringContaining(`Expected option "${name}" to be an integer from `),
      ]);
    }
  });

  it('has presence times of which the longer is the longer', () => {
    const given = { presenceRefreshMs: 60_000, presenceTtlMs: 60_000 };
    expect(refused(() => resolveOptions(given, false))).toEqual({
      code: 'invalid_options',
      message:
        'Expected option "presenceTtlMs" to be more than "presenceRefreshMs" (60000), got 60000.',
    });
  });

  it('stops the boot when it names rooms that no gateway serves, or keeps more than can be handed over', async () => {
    const providers = [ChatGateway];
    expect(await failedBoot({ providers, roomgate: { rooms: { orders: {} } } })).toEqual({
      code: 'invalid_options',
      message:
        'Option "rooms" names "orders", but no gateway serves rooms of that name. Known names: default.',
    });
    const tooMuch = { rooms: { default: { history: { maxBytes: 600_000 } } } };
    expect(await failedBoot({ providers, roomgate: tooMuch })).toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('"default" may have 600000 bytes') as string,
    });
    expect(
      await failedBoot({ providers, roomgate: { rooms: { default: { history: true } } } }),
    ).toBeUndefined();
  });
});
