import { flag, integer, type Rule } from '../core/option-rules.js';

export interface GatewayOptions {
  /**
   * Bad messages (not our shape, unknown event) that a connection may send before it is closed with 4400;
   * a minute without one forgives them all.
   * @default 10
   */
  maxStrikes: number;
  /**
   * Observables that may be streaming to one connection at a time.
   * @default 64
   */
  maxStreams: number;
  /**
   * Writes the messages of errors that your own code throws (policies, verifiers, hooks, handlers, stores) to the log, cut to 300
   * characters. Messages of foreign errors may quote a token or the data of a client, so without it the log has name, code and stack
   * alone. With `NODE_ENV=development` or `test` messages are always written.
   * @default false
   */
  logErrorMessages: boolean;
}

export const GATEWAY_RULES: Record<keyof GatewayOptions, Rule> = {
  maxStrikes: integer(1, 1_000_000),
  maxStreams: integer(1, 65_536),
  logErrorMessages: flag,
};
