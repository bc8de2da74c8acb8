/** Injection key of the options of `RoomgateRedisModule`. */
export const ROOMGATE_REDIS_OPTIONS = Symbol('ROOMGATE_REDIS_OPTIONS');
