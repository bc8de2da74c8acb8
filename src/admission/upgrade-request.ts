import type { IncomingMessage } from 'node:http';

/** What admission may look at of an upgrade request. Header values are lists: a doubled header must be visible. */
export interface UpgradeRequest {
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  /** The query string without its question mark. */
  readonly query: string;
  /** Whether the socket itself is TLS. */
  readonly encrypted: boolean;
}

/** A request of Node's, whose lists of header values are put together for extractors of the application alone: most are never looked at. */
export class NodeUpgradeRequest implements UpgradeRequest {
  constructor(
    private readonly message: IncomingMessage,
    readonly query: string,
    readonly encrypted: boolean,
  ) {}

  get headers(): UpgradeRequest['headers'] {
    return this.message.headersDistinct;
  }

  values(name: string): readonly string[] {
    return headerValues(this.message, name);
  }
}

const NONE: readonly string[] = [];

/** All values of a header, whose name is in lower case. */
export function valuesOf(request: UpgradeRequest, name: string): readonly string[] {
  return request instanceof NodeUpgradeRequest
    ? request.values(name)
    : (request.headers[name] ?? NONE);
}

/** The same of a request of Node's: what `headersDistinct` has, without the lists of all others. */
export function headerValues(
  { rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>,
  name: string,
): readonly string[] {
  let values: string[] | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (!isNamed(rawHeaders[at] as string, name)) continue;
    const value = rawHeaders[at + 1] as string;
    if (values) values.push(value);
    else values = [value];
  }
  return values ?? NONE;
}

/** The value of a header that came exactly once. */
export function onlyValue(
  message: Pick<IncomingMessage, 'rawHeaders'>,
  name: string,
): string | undefined {
  const values = headerValues(message, name);
  return values.length === 1 ? values[0] : undefined;
}

const CASE_BIT = 0x20;

/** Names are letters and dashes here, and of all characters that a name may have only these have the same bits. */
function isNamed(text: string, name: string): boolean {
  if (text.length !== name.length) return false;
  for (let at = 0; at < name.length; at++)
    if ((text.charCodeAt(at) | CASE_BIT) !== name.charCodeAt(at)) return false;
  return true;
}
