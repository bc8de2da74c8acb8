import { ROOM_GATEWAY_METADATA, ROOMGATE_ADAPTER_PORTS } from '../core/constants.js';
import { RoomgateError } from '../core/errors.js';

/** The part of Nest's `ApplicationConfig` that holds the WebSocket adapter of one app. */
export interface AdapterConfig {
  getIoAdapter(): unknown;
  setIoAdapter(adapter: never): void;
}

/** The part of Nest's `ModulesContainer` that lists the providers of one app. */
export interface AppModules {
  values(): Iterable<{ readonly providers: ReadonlyMap<unknown, { readonly metatype: unknown }> }>;
}

/**
 * Keeps every adapter away for which `refusal` has an error. Nest opens the servers of gateways before any
 * hook of a module runs, so an adapter that checks nobody has to be refused when the app sets it.
 */
export function sealAdapter(
  config: AdapterConfig,
  refusal: (adapter: unknown) => RoomgateError | undefined,
): void {
  const set = config.setIoAdapter.bind(config);
  config.setIoAdapter = (adapter) => {
    const error = refusal(adapter);
    if (error) throw error;
    set(adapter);
  };
}

/**
 * Without RoomgateModule nothing checks tokens, whatever adapter serves the app. A room gateway there is
 * refused at boot, before an adapter opens a port. A unit test that only makes the class is left alone.
 */
export function refuseWithoutModule(modules: AppModules, config: AdapterConfig): void {
  const gateways: string[] = [];
  for (const { providers } of modules.values()) {
    if (providers.has(ROOMGATE_ADAPTER_PORTS)) return;
    for (const { metatype } of providers.values()) {
      if (typeof metatype === 'function' && Reflect.hasMetadata(ROOM_GATEWAY_METADATA, metatype))
        gateways.push(metatype.name);
    }
  }
  // Each module with a room gateway has a filter of its own; the first one has sealed the app.
  if (gateways.length === 0 || Object.hasOwn(config, 'setIoAdapter')) return;
  const refuse = (): never => {
    throw missingModule(gateways);
  };
  config.setIoAdapter({ create: refuse, close: () => {}, dispose: () => {} } as never);
  sealAdapter(config, () => missingModule(gateways));
}

function missingModule(gateways: readonly string[]): RoomgateError {
  const names = gateways.join(', ');
  return new RoomgateError(
    'adapter_conflict',
    `${names} ${gateways.length > 1 ? 'are room gateways' : 'is a room gateway'}, but the app does not import RoomgateModule, so nothing would check tokens. Add RoomgateModule.forRoot({ issuers: [...] }) to the imports of the root module, and set no other WebSocket adapter.`,
  );
}
