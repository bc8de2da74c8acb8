// Stock Nest with the guard that a careful user writes.
import { claimsGuard } from './claims-guard.js';
import { startStockNest } from './nest-stock.js';

/** @type {import('./server.types.js').StartServer} */
export async function start(options) {
  return startStockNest(options, claimsGuard);
}
