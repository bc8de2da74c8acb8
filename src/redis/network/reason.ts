/** The first words of Redis's own errors. Another word in a message may be anything, such as a part of a password. */
const REPLIES =
  /^(ERR|OOM|MISCONF|NOPERM|NOAUTH|WRONGPASS|WRONGTYPE|READONLY|NOREPLICAS|MASTERDOWN|LOADING|BUSY|UNKILLABLE|NOSCRIPT|EXECABORT|CLUSTERDOWN|MOVED|ASK|TRYAGAIN|CROSSSLOT)(?= )/;

/**
 * Why Redis could not be used, in one word that no client can choose: an error code of Redis (`NOAUTH`), of the system
 * (`ECONNREFUSED`), or of TLS (`DEPTH_ZERO_SELF_SIGNED_CERT`). Without a code it is the name of the error.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code } = error as { code?: unknown };
  const word = REPLIES.exec(error.message)?.[0] ?? code;
  if (typeof word === 'string' && /^[A-Z_]{3,64}$/.test(word)) return word;
  return /^[A-Za-z]{1,64}$/.test(error.name) ? error.name : 'Error';
}

/** Whether Redis has answered it: what was asked for was not done, or not all of it. Anything else leaves that unknown. */
export function isReply(error: unknown): error is Error {
  return error instanceof Error && /^[A-Z]{2,24} /.test(error.message);
}
