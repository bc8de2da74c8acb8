import type { RoomKey } from '../../src/admission/room-id.js';
import type { RoomOptions } from '../../src/room/room.options.js';
import { SettingsOfRooms } from '../../src/room/room-settings.js';
import { resolveOptions, type RoomgateModuleOptions } from '../../src/module/options.js';
import { refused } from '../support/caught.js';
import { digits } from '../support/schemas.js';

const settingsOf = (
  rooms: RoomOptions['rooms'],
  others: RoomgateModuleOptions = {},
): SettingsOfRooms => new SettingsOfRooms(resolveOptions({ ...others, rooms }, false));

const PRESET = { size: 100, ttlMs: 300_000, maxBytes: 262_144 };

describe('SettingsOfRooms', () => {
  it('keeps and tells nothing by default, whatever the name', () => {
    for (const settings of [settingsOf({}), settingsOf({ other: { history: true } })])
      for (const found of [settings.of('orders'), settings.ofKey('orders/x' as RoomKey)])
        expect(found).toMatchObject({
          history: undefined,
          presence: undefined,
          events: undefined,
          maxMembers: 65_536,
        });
  });

  it('finds the same by name and by key', () => {
    const settings = settingsOf({ a: { history: true }, 'a-b': { maxMembers: 7 } });
    expect(settings.ofKey('a/x' as RoomKey)).toBe(settings.of('a'));
    expect(settings.ofKey('a-b/x' as RoomKey)).toBe(settings.of('a-b'));
    expect(settings.of('a-b')).toMatchObject({ history: undefined, maxMembers: 7 });
  });

  it('lays what was given over the presets', () => {
    const describe = (): object => ({ info: 1 });
    const settings = settingsOf({
      all: { history: true, presence: true },
      none: { history: false, presence: false },
      some: { history: { size: 5 }, presence: { describe } },
      empty: { history: {}, presence: {} },
    });
    expect([settings.of('all').history, settings.of('empty').history]).toEqual([PRESET, PRESET]);
    expect(settings.of('none')).toMatchObject({ history: undefined, presence: undefined });
    expect(settings.of('some').history).toEqual({ ...PRESET, size: 5 });
    expect(settings.of('some').presence).toEqual({ describe, maxListed: 100 });
    expect(settings.of('empty').presence?.maxListed).toBe(100);
    expect(settings.of('all').presence?.describe({} as never)).toEqual({});
  });

  it('takes a member that is undefined for one that is absent: nothing becomes unbounded by it', () => {
    const settings = settingsOf({
      orders: {
        history: { size: undefined, ttlMs: undefined, maxBytes: undefined } as never,
        presence: { describe: undefined, maxListed: undefined } as never,
        maxMembers: undefined as never,
      },
      off: { history: undefined, presence: undefined } as never,
    });
    expect(settings.of('orders')).toMatchObject({ history: PRESET, maxMembers: 65_536 });
    expect(settings.of('orders').presence).toEqual({
      describe: expect.any(Function) as unknown,
      maxListed: 100,
    });
    expect(settings.of('off')).toMatchObject({ history: undefined, presence: undefined });
  });

  it('has as many members as all rooms when nothing else is said', () => {
    const settings = settingsOf({ orders: {}, big: { maxMembers: 9 } }, { maxMembersPerRoom: 5 });
    expect([settings.of('orders').maxMembers, settings.of('big').maxMembers]).toEqual([5, 9]);
  });

  it('refuses a history that an outbox could not hand over in one piece', () => {
    const rooms = { orders: { history: { maxBytes: 524_289 } } };
    expect(refused(() => settingsOf(rooms))).toEqual({
      code: 'invalid_options',
      message:
        'The history of rooms named "orders" may have 524289 bytes, more than half of maxOutboxBytes (1048576).',
    });
    expect(
      refused(() => settingsOf({ orders: { history: { maxBytes: 524_288 } } })),
    ).toBeUndefined();
    const preset = refused(() => settingsOf({ a: { history: true } }, { maxOutboxBytes: 500_000 }));
    expect(preset?.message).toContain('"a" may have 262144 bytes');
  });

  it('compares what is sent with its schema, unless strict', () => {
    const check = (strict: boolean): void => {
      const rooms = { orders: { events: { counted: digits } } };
      const options = { ...resolveOptions({ rooms }, false), strict };
      new SettingsOfRooms(options).checkEvent('orders', 'counted', 'no digits');
    };
    expect(refused(() => check(false))?.code).toBe('invalid_data');
    expect(refused(() => check(true))).toBeUndefined();
  });

  it('refuses options for rooms that no gateway serves, naming those that are', () => {
    const settings = settingsOf({ orders: {}, chat: {} });
    expect(refused(() => settings.checkNames(['chat', 'orders', 'more']))).toBeUndefined();
    expect(refused(() => settings.checkNames(['chat', 'default']))).toEqual({
      code: 'invalid_options',
      message:
        'Option "rooms" names "orders", but no gateway serves rooms of that name. Known names: chat, default.',
    });
    expect(refused(() => settings.checkNames([]))?.message).toContain('Known names: none.');
  });
});
