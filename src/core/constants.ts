/** Injection key of the options as the application gave them. */
export const ROOMGATE_MODULE_OPTIONS = Symbol('ROOMGATE_MODULE_OPTIONS');
/** Injection key of the resolved, frozen options (`RoomgateOptions`). */
export const ROOMGATE_OPTIONS = Symbol('ROOMGATE_OPTIONS');
/** Injection key of the options of `RoomPublisherModule` as the application gave them. */
export const ROOM_PUBLISHER_OPTIONS = Symbol('ROOM_PUBLISHER_OPTIONS');
/** Injection key of what `RoomgateAdapter` needs from the module. */
export const ROOMGATE_ADAPTER_PORTS = Symbol('ROOMGATE_ADAPTER_PORTS');
/** Metadata key of a class decorated with `@RoomGateway`. */
export const ROOM_GATEWAY_METADATA = 'roomgate:gateway';
/** Metadata keys of what a handler or its class requires of the principal, and of how it is run. */
export const SCOPE_METADATA = 'roomgate:scope';
export const CLAIMS_METADATA = 'roomgate:claims';
export const UNORDERED_METADATA = 'roomgate:unordered';
/** Metadata key of a handler of binary frames. */
export const BINARY_METADATA = 'roomgate:binary';
