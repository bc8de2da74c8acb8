// A hand on a provider of the application, for steps that the server itself does.

/**
 * @template T
 * @param {any} token
 * @param {(service: T) => void} keep
 * @returns {import('@nestjs/common').Provider}
 */
export function keepProvider(token, keep) {
  return {
    provide: `kept ${String(token.name)}`,
    useFactory: (/** @type {T} */ service) => keep(service),
    inject: [token],
  };
}
