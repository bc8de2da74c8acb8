import type { Path } from '@angular-devkit/core';
import type { SchematicContext, Tree } from '@angular-devkit/schematics';
import { isEsm } from './files.js';
import type { GatewayNames } from './names.js';
import type { NestSchematics } from './nest-schematics.js';

/** Adds the gateway to the `providers` of the nearest module at or above `folder`. */
export function wireIntoNearestModule(
  nest: NestSchematics,
  tree: Tree,
  context: SchematicContext,
  folder: string,
  { className, fileName }: GatewayNames,
): void {
  const module = new nest.ModuleFinder(tree).find({ path: folder as Path });
  if (!module) {
    context.logger.warn(`No module found: add ${className} to the providers of one yourself.`);
    return;
  }

  const source = tree.readText(module);
  const wired = new nest.ModuleDeclarator().declare(source, {
    metadata: 'providers',
    className,
    type: 'gateway',
    name: fileName,
    path: folder as Path,
    module,
    isEsm: isEsm(tree),
  });
  // Providers that are no literal list, or have a class of this name, gain nothing; then the import
  // alone must not stay behind: it would not lint, or would not compile.
  const gained = countWord(className, wired) - countWord(className, source);
  if (gained !== 2) {
    context.logger.warn(`Add ${className} to the providers of ${module} yourself.`);
    return;
  }
  tree.overwrite(module, wired);
}

function countWord(word: string, text: string): number {
  return text.match(new RegExp(`\\b${word}\\b`, 'g'))?.length ?? 0;
}
