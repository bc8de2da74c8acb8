/**
 * Why Redis could not be used, in one word that no client can choose: an error code of Redis (`NOAUTH`), of the system
 * (`ECONNREFUSED`), or of TLS (`DEPTH_ZERO_SELF_SIGNED_CERT`). Without a code it is the name of the error.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code } = error as { code?: unknown };
  const word = /^[A-Z]{3,24}(?= )/.exec(error.message)?.[0] ?? code;
  return typeof word === 'string' && /^[A-Z_]{3,64}$/.test(word) ? word : error.name.slice(0, 64);
}

/** Whether Redis has answered it: what was asked for was not done, or not all of it. Anything else leaves that unknown. */
export function isReply(error: unknown): error is Error {
  return error instanceof Error && /^[A-Z]{2,24} /.test(error.message);
}
