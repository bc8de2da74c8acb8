import { EXCEPTION_FILTERS_METADATA, INTERCEPTORS_METADATA } from '@nestjs/common/internal';
import { MetadataScanner } from '@nestjs/core';
import { MESSAGE_MAPPING_METADATA, MESSAGE_METADATA } from '@nestjs/websockets/internal';
import type { HandlerInfo } from './connection/handler-table.js';
import { isReserved } from './connection/message.js';
import { bringSchemas } from './gateway/message-schema.pipe.js';
import { passThrough } from './gateway/pass-through.interceptor.js';
import { RoomgateFilter } from './gateway/roomgate.filter.js';
import { wrapFilters } from './gateway/wrapped.filter.js';
import { BINARY_METADATA, UNORDERED_METADATA } from './roomgate.constants.js';
import { RoomgateError } from './roomgate.errors.js';
import { quote } from './roomgate.rules.js';

/**
 * What dispatch has to know of each handler of a gateway class.
 * @throws RoomgateError `gateway_conflict` for a reserved event, or one that is handled twice.
 */
export function readHandlers(
  gateway: abstract new (...args: never[]) => object,
): Map<string, HandlerInfo> {
  const prototype = gateway.prototype as Record<string, object>;
  const handlers = new Map<string, HandlerInfo>();
  const classFilters = (Reflect.getMetadata(EXCEPTION_FILTERS_METADATA, gateway) ??
    []) as unknown[];
  wrapFilters(classFilters.filter((filter) => filter !== RoomgateFilter));
  for (const name of new MetadataScanner().getAllMethodNames(prototype)) {
    const method = prototype[name] as object;
    if (!Reflect.hasMetadata(MESSAGE_MAPPING_METADATA, method)) continue;
    const event = String(Reflect.getMetadata(MESSAGE_METADATA, method));
    if (isReserved(event) && !Reflect.hasMetadata(BINARY_METADATA, method))
      conflict(
        `${gateway.name}.${name} handles the reserved event ${quote(event)}, which never reaches a handler.`,
      );
    if (handlers.has(event)) conflict(`${gateway.name} handles the event ${quote(event)} twice.`);
    const hasUserFilters =
      classFilters.some((filter) => filter !== RoomgateFilter) ||
      Reflect.hasMetadata(EXCEPTION_FILTERS_METADATA, method);
    if (hasUserFilters) addPassThrough(method);
    wrapFilters((Reflect.getMetadata(EXCEPTION_FILTERS_METADATA, method) ?? []) as unknown[]);
    bringSchemas(gateway, name);
    const isIntercepted = [gateway, method].some((target) =>
      Reflect.hasMetadata(INTERCEPTORS_METADATA, target),
    );
    handlers.set(event, {
      isUnordered: Reflect.getMetadata(UNORDERED_METADATA, method) === true,
      hasUserFilters,
      isIntercepted,
    });
  }
  return handlers;
}

function addPassThrough(method: object): void {
  const present = (Reflect.getMetadata(INTERCEPTORS_METADATA, method) ?? []) as unknown[];
  if (!present.includes(passThrough))
    Reflect.defineMetadata(INTERCEPTORS_METADATA, [...present, passThrough], method);
}

export function conflict(message: string): never {
  throw new RoomgateError('gateway_conflict', message);
}
