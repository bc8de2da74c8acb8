/**
 * Why this exists: option-docs.js judges what interfaces say about themselves; this is how it reads them.
 */
import ts from 'typescript';

/** The JSDoc text in one line, links as code. @param {ts.Node} member */
export const textOf = (member) =>
  ts
    .getJSDocCommentsAndTags(member)
    .filter(ts.isJSDoc)
    .map((doc) => ts.getTextOfJSDocComment(doc.comment) ?? '')
    .join(' ')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .trim();

/** @param {ts.Node} member */
export const defaultOf = (member) => {
  const tag = ts.getJSDocTags(member).find((it) => it.tagName.text === 'default');
  return tag && (ts.getTextOfJSDocComment(tag.comment) ?? '').trim();
};

/** @param {ts.PropertySignature} member */
export const typeOf = (member) => member.type?.getText() ?? '';
/** @param {ts.InterfaceDeclaration} it */
export const membersOf = (it) => it.members.filter(ts.isPropertySignature);
