/**
 * Why this exists: the checks beside it all find files, parse TypeScript and end in the same way: one line
 * when all is well, otherwise a list of what is wrong and where, and exit code 1.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** @param {string} file a path from the repository's root */
export const read = (file) => readFileSync(path.join(root, file), 'utf8');

/** package.json, read once. */
export const manifest = JSON.parse(read('package.json'));

/**
 * Files below a folder, as paths from the root with forward slashes, sorted.
 * @param {string} folder @param {string} ending
 */
export function filesBelow(folder, ending) {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.split(path.sep).join('/')}`)
    .filter((name) => name.endsWith(ending))
    .toSorted();
}

/** The pages that people read, in the order of reading; CHANGELOG.md is history and stays as it was. */
export const documents = () => [
  'README.md',
  ...filesBelow('docs', '.md'),
  'PROTOCOL.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
];

/** @param {string} file */
export const parse = (file) =>
  ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);

/** @param {ts.SourceFile} source @param {ts.Node} node */
export function at(source, node) {
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
  return `${source.fileName}:${line + 1}`;
}

/**
 * @typedef {object} Import
 * @property {string} to        as written
 * @property {boolean} typeOnly erased by the compiler: `import type`, `export type`, `import('x').Y`
 * @property {string} where
 */

/**
 * Every module a file names, however it does. With `verbatimModuleSyntax`, `import { type A }` still loads
 * the module; only `import type` does not.
 * @param {ts.SourceFile} source
 * @returns {Import[]}
 */
export function importsOf(source) {
  /** @type {Import[]} */
  const found = [];
  /** @param {ts.Node | undefined} to @param {boolean} typeOnly */
  const add = (to, typeOnly) => {
    if (to && ts.isStringLiteral(to)) found.push({ to: to.text, typeOnly, where: at(source, to) });
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    } else if (ts.isCallExpression(node)) {
      const { expression: callee } = node;
      const loads =
        callee.kind === ts.SyntaxKind.ImportKeyword || callee.getText(source) === 'require';
      if (loads) add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** `@scope/name/sub` → `@scope/name`. @param {string} specifier */
export const packageOf = (specifier) =>
  specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/**
 * Ends the check.
 * @param {string} fine what to say when nothing is wrong
 * @param {string[]} problems
 * @param {string} [help] what to do about them
 */
export function report(fine, problems, help) {
  const name = path.basename(process.argv[1], '.js');
  const list = problems.map((it) => `\n  ${it}`).join('');
  if (problems.length === 0) console.log(`${name}: ${fine}`);
  else console.error(`${name}: ${problems.length} wrong${list}${help ? `\n  (${help})` : ''}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
