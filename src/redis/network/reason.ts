/** Why Redis could not be used, in one word that is no input of anybody: an error code of Redis (NOAUTH), or of the system (ECONNREFUSED). */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code } = error as { code?: unknown };
  const word = /^[A-Z]{3,24}(?= )/.exec(error.message)?.[0] ?? code;
  return typeof word === 'string' && /^[A-Z_]{3,24}$/.test(word) ? word : error.name.slice(0, 64);
}
