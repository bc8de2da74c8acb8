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
