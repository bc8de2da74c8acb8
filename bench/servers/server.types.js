// What a server file exports and is handed. Types only.

/**
 * @typedef {object} ServerOptions
 * @property {import('../tokens/keys.js').Algorithm} algorithm
 * @property {string} verifyKey  secret as text for HS256, public key as PEM for the others
 * @property {string} issuer
 * @property {string} audience
 */

/** @typedef {{ port: number }} Listening */

/** @typedef {(options: ServerOptions) => Promise<Listening>} StartServer  every server exports it as `start` */

/**
 * @typedef {object} Claims
 * @property {string} sub
 * @property {number} exp
 * @property {string[]} rooms
 */

export {};
