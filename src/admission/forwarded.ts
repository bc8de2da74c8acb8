/** All values of a header, whose name is in lower case. */
export type HeaderValues = (name: string) => readonly string[];

/**
 * What proxies say of a request, the nearest proxy last: the values of `X-Forwarded-For` or `X-Forwarded-Host`, or, without that
 * header, those of `Forwarded` (RFC 7239). A proxy that did not say has an empty value. Only the last `trustProxyHops` values are
 * our own proxies'; the others are anybody's claim.
 */
export function forwardedValues(valuesOf: HeaderValues, name: 'for' | 'host'): string[] {
  const simple = valuesOf(`x-forwarded-${name}`);
  if (simple.length === 0) return parseForwarded(valuesOf('forwarded').join(','), name);
  return simple
    .join(',')
    .split(',')
    .map((value) => value.trim());
}

/** One `name=value` of RFC 7239 §4 and what separates it from the next. Addresses with a port pass without quotes, too. */
const PAIR =
  /[ \t]*(?:([!#$%&'*+.^_`|~\w-]+)=(?:([^\s",;=]+)|"((?:[^"\\]|\\.)*)")[ \t]*)?([,;]|$)/y;

/** Empty where the header is not well formed: two parsers could read it in two ways. */
function parseForwarded(text: string, wanted: string): string[] {
  if (text === '') return [];
  const values = [''];
  PAIR.lastIndex = 0;
  for (;;) {
    const found = PAIR.exec(text);
    if (!found) return [];
    const [, name, plain, quoted = '', end] = found;
    if (name?.toLowerCase() === wanted)
      values[values.length - 1] = plain ?? quoted.replaceAll(/\\(.)/g, '$1');
    if (end === '') return values;
    if (end === ',') values.push('');
  }
}
