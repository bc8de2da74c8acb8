import { posix } from 'node:path';

/** Every name the generated code uses, worked out from the one the user typed. */
export interface GatewayNames {
  /** Of the files, before `.gateway`: `foo-bar`. Snake case stays, as in the stock schematics. */
  fileName: string;
  className: string;
  /** The gateway's `rooms`, and by default the first segment of its path. */
  roomName: string;
  urlPath: string;
}

// These names are written between quotes and after `class`, so a check here keeps them harmless.
// The path holds what the door lets through in one: anything else would never match.
const FILE_NAME = /^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/;
const URL_PATH = /^(\/(:room|[\w-]+))+$/;

/** Names the gateway, or throws a sentence that the CLI prints as it is. */
export function nameGateway(options: RoomGatewayOptions): GatewayNames {
  const fileName = toKebabOrSnakeCase(posix.basename(options.name));
  if (!FILE_NAME.test(fileName)) {
    throw new Error(
      `"${fileName}" cannot name a gateway: use letters, digits, "-" or "_", a letter first.`,
    );
  }
  if (fileName === 'room') {
    throw new Error('"room" would make a class RoomGateway, the name of the decorator above it.');
  }
  const roomName = fileName.replaceAll('_', '-');
  return {
    fileName,
    className: `${roomName.split('-').map(capitalize).join('')}Gateway`,
    roomName,
    urlPath: checkUrlPath(options.urlPath ?? `/${roomName}/:room`),
  };
}

/** The stock schematics' spelling rule: the CLI applies it to the name, but not to the path. */
export function toKebabOrSnakeCase(text: string): string {
  return text
    .trim()
    .replace(/([a-z\d])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/\s/g, '-');
}

function checkUrlPath(urlPath: string): string {
  const roomSegments = urlPath.split('/').filter((segment) => segment === ':room').length;
  if (!URL_PATH.test(urlPath) || roomSegments !== 1) {
    throw new Error(
      `"${urlPath}" cannot be a gateway's path: write one like /orders/:room, with :room once.`,
    );
  }
  return urlPath;
}

function capitalize(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** What the Nest CLI hands over: the options of its own gateway schematic, plus `urlPath`. */
export interface RoomGatewayOptions {
  /** Any spelling, and folders in front of it: `orders`, `fooBar`, `shop/orders`. */
  name: string;
  /** Folder below `sourceRoot`. Default: none. */
  path?: string;
  /** The gateway's path pattern, one segment of it `:room`. Default: `/<name>/:room`. */
  urlPath?: string;
  /** From nest-cli.json. Only `ts` is written. */
  language?: string;
  /** Default: `src`. */
  sourceRoot?: string;
  /** `false` puts the files into a folder of their own. Default: `true`, as in the stock schema. */
  flat?: boolean;
  /** Default: `true`. */
  spec?: boolean;
  /** Default: `spec`. */
  specFileSuffix?: string;
  /** `true` leaves the nearest module as it is. Default: `false`. */
  skipImport?: boolean;
  /** `true` runs the app's Prettier over what was written. Default: `false`. */
  format?: boolean;
}
