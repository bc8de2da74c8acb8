/**
 * Why this exists: an option is documented once, by the JSDoc on its stage's interface, and everything else
 * is derived from that or compared with it. This reads those comments and says what they lack: a text, the
 * unit that the name promises, and a `@default` that agrees with the one DEFAULTS literal.
 */
import ts from 'typescript';
import { at, filesBelow, parse } from './common.js';
import { defaultOf, membersOf, textOf, typeOf } from './jsdoc.js';

/** @typedef {{ name: string, default: string, meaning: string }} OptionRow */

/** Ending of a name → what its text has to say. */
const UNITS = [
  { name: /Ms$/, text: /milliseconds?/i, unit: 'milliseconds' },
  { name: /Bytes$/, text: /\bbytes?\b/i, unit: 'bytes' },
  { name: /^max(?!.*(Ms|Bytes)$)/, text: /^(\S+ ){0,2}\w+s\b/, unit: 'what is counted, first' },
];

/** A value as it would stand in code. @param {unknown} value @returns {string} */
export function literal(value) {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'string') return `'${value}'`;
  return JSON.stringify(value) ?? 'none';
}

/** `issuers: IssuerOptions[]` → `issuers[].`. @param {string} name @param {string} type */
const pathInto = (name, type) =>
  type.endsWith('[]')
    ? `${name}[].`
    : /^(Readonly)?Record</.test(type)
      ? `${name}.<name>.`
      : `${name}.`;

/**
 * What is wrong with the comment of one option.
 * @param {string} name @param {string} meaning @param {string | undefined} stated @param {string | undefined} actual
 */
function lacks(name, meaning, stated, actual) {
  if (!meaning) return ['has no JSDoc text'];
  const found = UNITS.filter((it) => it.name.test(name) && !it.text.test(meaning)).map(
    ({ unit }) => `does not say its unit: ${unit}`,
  );
  if (actual !== undefined && actual !== 'none' && stated === undefined)
    found.push('has no @default');
  if (actual !== undefined && stated !== undefined && stated.replaceAll('`', '') !== actual) {
    found.push(`says @default ${stated}, but DEFAULTS has ${actual}`);
  }
  return found;
}

/**
 * A row for each option, in the order of the flow; nested ones as `issuers[].audience`.
 * @param {Record<string, unknown>} defaults
 * @param {string[]} problems
 * @param {string[]} [files] whose interfaces `…Options` and `…Extras` are read
 * @returns {OptionRow[]}
 */
export function optionRows(defaults, problems, files = filesBelow('src', '.options.ts')) {
  const interfaces = files
    .flatMap((file) => parse(file).statements.filter(ts.isInterfaceDeclaration))
    .filter((it) => /(Options|Extras)$/.test(it.name.text));
  const byName = new Map(interfaces.map((it) => [it.name.text, it]));
  /** @param {ts.PropertySignature} member */
  const nestedIn = (member) => byName.get(/\w+Options\b/.exec(typeOf(member))?.[0] ?? '');
  const nested = new Set(interfaces.flatMap(membersOf).map(nestedIn));

  /** @type {OptionRow[]} */
  const rows = [];
  /** @param {ts.InterfaceDeclaration} owner @param {string} prefix */
  const collect = (owner, prefix) => {
    const isWhatIsGiven = membersOf(owner).some((it) => it.questionToken);
    for (const member of membersOf(owner)) {
      const own = member.name.getText();
      const hasDefault = prefix === '' && own in defaults;
      // What is resolved holds more than what can be given (`strict`); only what has a default is an option.
      if (prefix === '' && owner.heritageClauses && !hasDefault) continue;
      const [meaning, stated] = [textOf(member), defaultOf(member)];
      const actual = hasDefault ? literal(defaults[own]) : undefined;
      const wrong = lacks(own, meaning, stated, actual);
      const isRequired = isWhatIsGiven && !member.questionToken;
      if (prefix === '' && !hasDefault && !isRequired) wrong.push('is missing in DEFAULTS');
      for (const it of wrong)
        problems.push(`${at(owner.getSourceFile(), member)}: ${prefix}${own} ${it}`);

      const absent = member.questionToken ? 'none' : 'required';
      rows.push({ name: prefix + own, default: actual ?? stated ?? absent, meaning });
      const inner = nestedIn(member);
      if (inner) collect(inner, prefix + pathInto(own, typeOf(member)));
    }
  };
  for (const it of interfaces) if (!nested.has(it)) collect(it, '');

  const documented = new Set(rows.map((row) => row.name));
  for (const name of Object.keys(defaults).filter((it) => !documented.has(it))) {
    problems.push(`${files.at(-1)}: the defaults have ${name}, but no interface does`);
  }
  return rows;
}
