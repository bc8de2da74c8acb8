/**
 * Why this exists: three promises each file of src keeps by itself. It can be read in one go; it names what
 * it exports (`export *` makes public whatever somebody adds later); and it loads without waiting, because
 * CommonJS hosts load the package by `require`, which refuses a top-level await.
 */
import ts from 'typescript';
import { at } from './common.js';

const MAX_LINES = 200;

/** The first `await` that runs while the module loads. @param {ts.Node} node @returns {ts.Node | undefined} */
function topLevelAwait(node) {
  if (ts.isFunctionLike(node) || ts.isPropertyDeclaration(node)) return undefined;
  if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier)) return node;
  return ts.forEachChild(node, topLevelAwait);
}

/** @param {ts.Node} node */
const isExportStar = (node) =>
  ts.isExportDeclaration(node) && (!node.exportClause || ts.isNamespaceExport(node.exportClause));

/** @param {ts.SourceFile} source @returns {string[]} */
export function fileProblems(source) {
  const problems = [];
  const lines = source.text.trimEnd().split('\n').length;
  if (lines > MAX_LINES)
    problems.push(`${source.fileName}: ${lines} lines, more than ${MAX_LINES}`);

  const wait = topLevelAwait(source);
  if (wait) problems.push(`${at(source, wait)}: top-level await`);

  for (const node of source.statements.filter(isExportStar)) {
    problems.push(`${at(source, node)}: \`export *\`; name what is public`);
  }
  return problems;
}
