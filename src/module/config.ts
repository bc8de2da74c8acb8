import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { registerAs } from '@nestjs/config';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { IssuerKey, IssuerOptions, TokenAlgorithm } from '../admission/admission.options.js';
import { RoomgateError } from '../core/errors.js';
import { didYouMean, quote, type Rule } from '../core/option-rules.js';
import { DEFAULTS, type RoomgateModuleOptions, RULES } from './options.js';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Roomgate's options out of `ROOMGATE_*`, for `ConfigModule.forRoot({ load: [roomgateConfig] })` and
 * `RoomgateModule.forRootAsync(roomgateConfig.asProvider())`. A variable that is absent or empty leaves the default;
 * one that is not known is refused with the nearest name.
 * @throws RoomgateError `invalid_options` naming the variable; keys are never quoted.
 */
export const roomgateConfig = registerAs('roomgate', (): RoomgateModuleOptions =>
  readEnv(process.env),
);

/** @throws RoomgateError `invalid_options` */
export function readEnv(env: Env): RoomgateModuleOptions {
  const problem = findProblem(env);
  if (problem) throw new RoomgateError('invalid_options', problem);
  const options: Record<string, unknown> = {};
  for (const { name, option, parse } of ENV_OPTIONS) {
    const text = env[name];
    if (text) options[option] = parse(text);
  }
  const issuer = readIssuer(env);
  return { ...options, ...(issuer && { issuers: [issuer] }) };
}

/**
 * A Standard Schema for `ConfigModule.forRoot({ validationSchema: withRoomgateEnv() })`: checks `ROOMGATE_*`, then hands the
 * environment to the host's own schema, whose result counts.
 */
export function withRoomgateEnv(
  hostSchema?: StandardSchemaV1,
): StandardSchemaV1<Record<string, unknown>, Record<string, unknown>> {
  return {
    '~standard': {
      version: 1,
      vendor: 'nestjs-roomgate',
      validate: (value) => {
        const problem = findProblem(value as Env);
        if (problem) return { issues: [{ message: problem }] };
        if (!hostSchema) return { value: value as Record<string, unknown> };
        return hostSchema['~standard'].validate(value) as StandardSchemaV1.Result<
          Record<string, unknown>
        >;
      },
    },
  };
}

const KEYS = [
  'ROOMGATE_PUBLIC_KEY',
  'ROOMGATE_PUBLIC_KEY_FILE',
  'ROOMGATE_SECRET',
  'ROOMGATE_SECRET_FILE',
];

/** What the command line reads; a server may run in the same shell. */
const COMMAND_LINE = ['ROOMGATE_TOKEN'];

/** What Kubernetes and Docker links set in every container beside a service named `roomgate` or `roomgate-…`. */
const OF_A_SERVICE =
  /^ROOMGATE_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** A misspelt variable would silently be none. Its value is not told: it may be a secret. */
function findUnknown(env: Env): string | undefined {
  const options = [...ENV_VARIABLES, ...ENV_OPTIONS].map(({ name }) => name);
  const known = new Set([...options, ...COMMAND_LINE]);
  const unknown = Object.keys(env).find(
    (name) => /^roomgate_/i.test(name) && env[name] && !known.has(name) && !OF_A_SERVICE.test(name),
  );
  if (unknown === undefined) return undefined;
  return `Unknown variable ${quote(unknown)}: ${didYouMean(unknown, options)} Expected a ROOMGATE_* variable of docs/configuration.md; correct its name, or remove it.`;
}

function findProblem(env: Env): string | undefined {
  const unknown = findUnknown(env);
  if (unknown !== undefined) return unknown;
  for (const { name, expected, isValid } of ENV_OPTIONS) {
    const text = env[name];
    if (text && !isValid(text)) return `Expected ${name} to be ${expected}, got ${quote(text)}.`;
  }
  const given = KEYS.filter((name) => env[name]);
  if (given.length > 1) return `Set only one of ${given.join(' and ')}.`;
  if (env['ROOMGATE_ISSUER'] && given.length === 0)
    return `ROOMGATE_ISSUER is set, but none of ${KEYS.join(', ')} is.`;
  const orphan = ['ROOMGATE_AUDIENCE', 'ROOMGATE_ALGORITHMS', 'ROOMGATE_KEY_ID'].find(
    (name) => env[name],
  );
  if (orphan && !env['ROOMGATE_ISSUER']) return `${orphan} is set, but ROOMGATE_ISSUER is not.`;
  if (given.length > 0 && !env['ROOMGATE_ISSUER'])
    return `${given[0]} is set, but ROOMGATE_ISSUER is not.`;
  if (given.length > 0 && !env['ROOMGATE_ALGORITHMS'])
    return `${given[0]} is set, but ROOMGATE_ALGORITHMS is not: name what the issuer signs with, for example ES256.`;
  return undefined;
}

function readIssuer(env: Env): IssuerOptions | undefined {
  const issuer = env['ROOMGATE_ISSUER'];
  if (!issuer) return undefined;
  const audience = env['ROOMGATE_AUDIENCE'];
  const algorithms = splitList(env['ROOMGATE_ALGORITHMS'] ?? '') as TokenAlgorithm[];
  return {
    issuer,
    algorithms,
    keys: readKeys(env),
    ...(audience && { audience: splitList(audience) }),
  };
}

function readKeys(env: Env): IssuerKey[] {
  const kid = env['ROOMGATE_KEY_ID'] || undefined;
  // An empty variable counts as absent, but an empty file does not: it is what was meant, and is refused.
  const secret = env['ROOMGATE_SECRET'] || readFile(env, 'ROOMGATE_SECRET_FILE');
  if (secret !== undefined) {
    const keys = readJwks(secret) ?? [withoutNewline(secret)];
    return keys.map((each) => ({ kid, secret: each }));
  }
  // Platforms that cannot hold line breaks in a variable write them as \n.
  const key =
    env['ROOMGATE_PUBLIC_KEY']?.replaceAll('\\n', '\n') ||
    (readFile(env, 'ROOMGATE_PUBLIC_KEY_FILE') ?? '');
  return (readJwks(key) ?? [String(key)]).map((each) => ({ kid, key: each }));
}

/** The file as it stands: decoding it would turn every byte that is not UTF-8 into the same character. */
function readFile(env: Env, name: string): Buffer | undefined {
  const path = env[name];
  if (!path) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new RoomgateError(
      'invalid_options',
      `${name} names a file that cannot be read (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
}

/** Editors end text with a line break that is not meant; the last byte of a random key is. */
function withoutNewline(secret: Buffer | string): Buffer | string {
  if (typeof secret === 'string') return secret;
  const end = secret.at(-1) === 0x0a ? (secret.at(-2) === 0x0d ? -2 : -1) : secret.length;
  const rest = secret.subarray(0, end);
  return isText(rest) ? rest : secret;
}

/** UTF-8 without control characters other than tabs and line breaks. */
function isText(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.some((byte) => byte === 0x7f || (byte < 0x20 && !isSpace(byte)));
}

function isSpace(byte: number): boolean {
  return byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

/** The JWK, or those of a JWK Set that are for signatures (RFC 7517 §4 and §5); undefined for anything else. */
function readJwks(key: Buffer | string): Record<string, unknown>[] | undefined {
  const text = String(key).replace(/^\ufeff/, '');
  if (!text.trimStart().startsWith('{')) return undefined;
  let jwk: unknown;
  try {
    jwk = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { keys } = jwk as { keys?: Record<string, unknown>[] };
  if (!Array.isArray(keys)) return [jwk as Record<string, unknown>];
  // A set has keys for other uses, too; a single key that is for another use is a mistake.
  return keys.filter((each: { use?: unknown } | null) => (each?.use ?? 'sig') === 'sig');
}

/** The variables of the issuer; the table of docs/configuration.md is made from it. All others are derived from the options, see ENV_OPTIONS. */
export const ENV_VARIABLES: readonly Pick<EnvOption, 'name' | 'option' | 'expected'>[] = [
  {
    name: 'ROOMGATE_ISSUER',
    option: 'issuers[0].issuer',
    expected: 'the exact `iss` of the tokens',
  },
  {
    name: 'ROOMGATE_AUDIENCE',
    option: 'issuers[0].audience',
    expected: 'one or more audiences, separated by commas',
  },
  {
    name: 'ROOMGATE_ALGORITHMS',
    option: 'issuers[0].algorithms',
    expected: 'algorithms, separated by commas',
  },
  {
    name: 'ROOMGATE_PUBLIC_KEY',
    option: 'issuers[0].keys',
    expected: 'a public key as PEM, JWK or JWK Set; line breaks may be written as \\n',
  },
  {
    name: 'ROOMGATE_PUBLIC_KEY_FILE',
    option: 'issuers[0].keys',
    expected: 'the path of a public key as PEM, JWK or JWK Set',
  },
  {
    name: 'ROOMGATE_SECRET',
    option: 'issuers[0].keys',
    expected: 'a shared secret as text; 32, 48 or 64 bytes at least for HS256, HS384 or HS512',
  },
  {
    name: 'ROOMGATE_SECRET_FILE',
    option: 'issuers[0].keys',
    expected:
      'the path of a file whose bytes are a shared secret (one line break at the end of text is not), or an `oct` JWK',
  },
  {
    name: 'ROOMGATE_KEY_ID',
    option: 'issuers[0].keys',
    expected: 'the `kid` that tokens name for the key',
  },
];

/** A variable that sets one option. */
export interface EnvOption {
  readonly name: string;
  readonly option: string;
  readonly expected: string;
  readonly isValid: (text: string) => boolean;
  readonly parse: (text: string) => unknown;
}

/** Options that text cannot hold: classes and functions, and issuers, which have variables of their own. */
const NOT_TEXT: readonly (keyof RoomgateModuleOptions)[] = [
  'issuers',
  'allowPlainGateways',
  'rooms',
];

/** `maxMessageBytes` is `ROOMGATE_MAX_MESSAGE_BYTES`, and so on for every option that text can hold. */
export const ENV_OPTIONS: readonly EnvOption[] = (
  Object.keys(DEFAULTS) as (keyof RoomgateModuleOptions)[]
)
  .filter((option) => !NOT_TEXT.includes(option))
  .map((option) => {
    const rule = RULES[option] as Rule;
    const parse = parserOf(DEFAULTS[option]);
    return {
      name: `ROOMGATE_${option.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
      option,
      expected: rule(Symbol.for('nothing')) ?? '',
      isValid: (text) => rule(parse(text)) === undefined,
      parse,
    };
  });

function parserOf(sample: unknown): (text: string) => unknown {
  if (typeof sample === 'number') return (text) => (/^-?\d+$/.test(text) ? Number(text) : text);
  if (typeof sample === 'boolean')
    return (text) => (text === 'true' ? true : text === 'false' ? false : text);
  if (Array.isArray(sample)) return splitList;
  return (text) => text;
}

export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
