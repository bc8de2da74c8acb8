/**
 * Why this exists: says, in one place, which tables of the documents are made from which exports, and how a
 * row of code becomes a row of text. A table stands in the document that has its markers. check-docs.js
 * compares and writes them.
 */
import { optionRows } from './option-docs.js';

/** @typedef {Record<string, any>} Row a row of an exported table, read as it comes */
/**
 * @typedef {object} Table
 * @property {boolean} [optional] may be missing in the documents
 * @property {string} from     the built module that knows
 * @property {string} export   under which name
 * @property {string[]} head
 * @property {(value: any, problems: string[]) => unknown[][]} rows
 */

/** @param {string} text */
const code = (text) => (text ? `\`${text}\`` : '');

const UNITS = [
  { ending: 'Ms', size: 3_600_000, unit: 'h' },
  { ending: 'Ms', size: 60_000, unit: 'min' },
  { ending: 'Ms', size: 1_000, unit: 's' },
  { ending: 'Bytes', size: 1_048_576, unit: 'MiB' },
  { ending: 'Bytes', size: 1_024, unit: 'KiB' },
];

/** A default, and what a person would call it: `86400000` (24 h). @param {Row} option */
function defaultCell(option) {
  if (['required', 'none'].includes(option.default)) return option.default;
  const value = Number(option.default);
  const fitting = UNITS.find(
    ({ ending, size }) => option.name.endsWith(ending) && value >= size && value % size === 0,
  );
  return code(option.default) + (fitting ? ` (${value / fitting.size} ${fitting.unit})` : '');
}

/** @param {Row} it */
const optionCells = (it) => [code(it.name), defaultCell(it), it.meaning];

/** @param {string | undefined} challenge */
function challengeCell(challenge) {
  if (!challenge) return '';
  return challenge === 'none' ? '`Bearer`, no error' : code(`error="${challenge}"`);
}

/** @type {Record<string, string>} */
const RECONNECT = { true: 'yes', false: 'no', 'new-token': 'with a new token' };

/** @type {Record<string, Table>} */
export const TABLES = {
  options: {
    from: 'dist/module/options.js',
    export: 'DEFAULTS',
    head: ['Option', 'Default', 'Meaning'],
    rows: (defaults, problems) => optionRows(defaults, problems).map(optionCells),
  },
  extras: {
    optional: true,
    from: 'dist/module/providers.js',
    export: 'EXTRAS',
    head: ['Extra', 'Default', 'Meaning'],
    rows: (extras, problems) =>
      optionRows(extras, problems, ['src/module/providers.ts']).map(optionCells),
  },
  'redis-options': {
    from: 'dist/redis/redis-options.js',
    export: 'REDIS_DEFAULTS',
    head: ['Option', 'Default', 'Meaning'],
    rows: (defaults, problems) =>
      optionRows(defaults, problems, ['src/redis/redis-options.ts']).map(optionCells),
  },
  env: {
    from: 'dist/module/config.js',
    export: 'ENV_VARIABLES',
    head: ['Variable', 'Option', 'Value'],
    rows: (/** @type {Row[]} */ variables) =>
      variables.map((it) => [code(it.name), code(it.option), it.description ?? it.expected]),
  },
  'close-codes': {
    from: 'dist/connection/system-messages.js',
    export: 'CLOSE_CODES',
    head: ['Code', 'Reason', 'Reconnect?', 'Accepted messages', 'Meaning'],
    rows: (/** @type {Record<string, Row>} */ closes) =>
      Object.values(closes)
        .toSorted((a, b) => a.code - b.code)
        .map((it) => [
          it.code,
          it.reason,
          RECONNECT[it.reconnect] ?? it.reconnect,
          it.accepted,
          it.meaning,
        ]),
  },
  exceptions: {
    from: 'dist/gateway/exceptions.js',
    export: 'EXCEPTIONS',
    head: ['`code`', '`temporary`', '`message`'],
    rows: (/** @type {Record<string, Row>} */ exceptions) =>
      Object.entries(exceptions).map(([name, it]) => [
        code(name),
        String(it.temporary),
        it.message,
      ]),
  },
  'audit-reasons': {
    from: 'dist/admission/audit.js',
    export: 'AUDIT_REASONS',
    head: ['`reason`', 'Meaning'],
    rows: (/** @type {Record<string, string>} */ reasons) =>
      Object.entries(reasons).map(([name, meaning]) => [code(name), meaning]),
  },
  refusals: {
    from: 'dist/admission/refusals.js',
    export: 'REFUSALS',
    head: ['`code`', 'Status', '`WWW-Authenticate`', '`Retry-After`', '`detail`'],
    rows: (/** @type {Record<string, Row>} */ refusals) =>
      Object.entries(refusals).map(([name, it]) => [
        code(name),
        it.status,
        challengeCell(it.challenge),
        it.retry ? 'yes' : '',
        it.detail,
      ]),
  },
};
