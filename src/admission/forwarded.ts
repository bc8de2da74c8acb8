/** All values of a header, whose name is in lower case. */
export type HeaderValues = (name: string) => readonly string[];

/**
 * What proxies say of a request, the nearest proxy last: a list for `X-Forwarded-For` or `X-Forwarded-Host`, and one for `Forwarded`
 * (RFC 7239), each only where it says something. A proxy that did not say has an empty value. Only the last `trustProxyHops` values
 * are our own proxies', and only of the header that they write: a client can send the other one. So two lists have to agree.
 */
export function forwardedLists(valuesOf: HeaderValues, name: 'for' | 'host'): string[][] {
  const simple = valuesOf(`x-forwarded-${name}`)
    .join(',')
    .split(',')
    .map((value) => value.trim());
  const standard = parseForwarded(valuesOf('forwarded').join(','), name);
  const lists = [simple, standard ?? []].filter((list) => list.some((value) => value !== ''));
  // What is not well formed may be what our proxy has added to, so it counts, and agrees with nothing.
  if (standard === undefined) lists.push([]);
  return lists;
}

/** One `name=value` of RFC 7239 §4 and what separates it from the next. Addresses with a port pass without quotes, too. */
const PAIR =
  /[ \t]*(?:([!#$%&'*+.^_`|~\w-]+)=(?:([^\s",;=]+)|"((?:[^"\\]|\\.)*)")[ \t]*)?([,;]|$)/y;

/** Undefined where the header is not well formed: two parsers could read it in two ways. */
function parseForwarded(text: string, wanted: string): string[] | undefined {
  if (text === '') return [];
  const values = [''];
  PAIR.lastIndex = 0;
  for (;;) {
    const found = PAIR.exec(text);
    if (!found) return undefined;
    const [, name, plain, quoted = '', end] = found;
    if (name?.toLowerCase() === wanted)
      values[values.length - 1] = plain ?? quoted.replaceAll(/\\(.)/g, '$1');
    if (end === '') return values;
    if (end === ',') values.push('');
  }
}
