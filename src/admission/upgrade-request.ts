import type { IncomingMessage } from 'node:http';

/** What admission may look at of an upgrade request. Header values are lists: a doubled header must be visible. */
export interface UpgradeRequest {
  /** A getter: who hands on a copy of the request has to give it `headers`. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  /** The query string without its question mark. */
  readonly query: string;
  /** Whether the socket itself is TLS. */
  readonly encrypted: boolean;
}

/** A request of Node's, whose lists of header values are put together for extractors of the application alone: most are never looked at. */
export class NodeUpgradeRequest implements UpgradeRequest {
  readonly #message: IncomingMessage;

  constructor(
    message: IncomingMessage,
    readonly query: string,
    readonly encrypted: boolean,
  ) {
    this.#message = message;
  }

  get headers(): UpgradeRequest['headers'] {
    return this.#message.headersDistinct;
  }

  /** Of a request of ours, and none that an application has made of one: that has headers of its own. */
  static valuesOf(request: UpgradeRequest, name: string): readonly string[] | undefined {
    return #message in request ? headerValues(request.#message, name) : request.headers[name];
  }
}

const NONE: readonly string[] = [];

/** All values of a header, whose name is in lower case. */
export function valuesOf(request: UpgradeRequest, name: string): readonly string[] {
  return NodeUpgradeRequest.valuesOf(request, name) ?? NONE;
}

/** The same of a request of Node's: what `headersDistinct` has, without the lists of all others. */
export function headerValues(
  { rawHeaders }: { readonly rawHeaders: readonly string[] },
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
