import { captureRejectionSymbol, EventEmitter } from 'node:events';
import type { GatewayRules } from '../admission/admission.js';
import type { ServerConnection } from '../connection/connection.js';
import type { HandlerTable } from '../connection/handlers.js';
import { RoomgateError } from '../core/errors.js';
import { quote } from '../core/option-rules.js';
import { parsePattern, type PathPattern } from './upgrade-checks.js';

/** What is served at one gateway path, put together at boot from the class or classes that declare it. */
export interface RoomRoute {
  readonly path: string;
  readonly rules: GatewayRules;
  readonly table: HandlerTable;
  /** Gateway classes that serve it together. */
  readonly gateways: number;
}

/** What Nest gets as the "server" of a room gateway: emits `connection` with each connection admitted at its path. */
export class RoomServer extends EventEmitter {
  readonly pattern: PathPattern;

  /** @throws RoomgateError `gateway_conflict` when prefix and path together are not a path we serve. */
  constructor(
    readonly route: RoomRoute,
    prefix: string,
  ) {
    super({ captureRejections: true });
    const pattern = parsePattern(`${prefix}${route.path}`);
    if (!pattern)
      throw new RoomgateError(
        'gateway_conflict',
        `The global prefix ${quote(prefix)} cannot stand before the room path "${route.path}": only letters, digits, "_", "-" and "/" can.`,
      );
    this.pattern = pattern;
    route.table.attach = (connection) => this.emit('connection', connection);
  }

  /** A listener of the application that is async: its rejection would be nobody's and end the process. */
  override [captureRejectionSymbol](
    error: unknown,
    _event: string,
    connection: ServerConnection,
  ): void {
    connection.hookFailed('A listener of the server', error);
  }

  /**
   * Tells the gateways of a new connection. Where no hook wants to know, and nobody else listens, binding the handlers waits for
   * its first message: most connections of a busy server only listen.
   */
  greet(connection: ServerConnection): void {
    const isHeard =
      this.route.table.hooks.any || this.listenerCount('connection') > this.route.gateways;
    if (isHeard) this.emit('connection', connection);
  }
}
