/**
 * Why this exists: two promises each file of src keeps by itself. It names what it exports (`export *` makes
 * public whatever somebody adds later); and it loads without waiting, because CommonJS hosts load the package
 * by `require`, which refuses a top-level await. Length is no rule: one concept, one file.
 */
import ts from 'typescript';
import { at } from './common.js';

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
  const wait = topLevelAwait(source);
  if (wait) problems.push(`${at(source, wait)}: top-level await`);

  for (const node of source.statements.filter(isExportStar)) {
    problems.push(`${at(source, node)}: \`export *\`; name what is public`);
  }
  return problems;
}
