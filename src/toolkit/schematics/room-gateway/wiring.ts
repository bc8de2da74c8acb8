import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Path, PathFragment } from '@angular-devkit/core';
import type { DirEntry, SchematicContext, Tree } from '@angular-devkit/schematics';
import { isEsm } from './files.js';
import type { GatewayNames } from './names.js';

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
    // The suffix carries the extension: the declarator of Nest 11 does not know `isEsm`.
    type: isEsm(tree) ? 'gateway.js' : 'gateway',
    name: fileName,
    path: folder as Path,
    module,
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

const MODULE_IMPORT = `import { RoomgateModule, roomgateConfig } from 'nestjs-roomgate';`;
const MODULE = 'RoomgateModule.forRootAsync(roomgateConfig.asProvider())';

/**
 * Adds RoomgateModule, configured by `ROOMGATE_*` variables, to the root module of an app that has it nowhere.
 * Without it the app does not boot, since nothing would check tokens.
 */
export function importRoomgateModule(
  nest: NestSchematics,
  tree: Tree,
  context: SchematicContext,
  sourceRoot: string,
): void {
  if (mentionsModule(tree.getDir(sourceRoot))) return;
  const module = new nest.ModuleFinder(tree).find({ path: sourceRoot as Path });
  const source = module ? tree.readText(module) : '';
  const wired = new nest.MetadataManager(source).insert('imports', MODULE) ?? source;
  if (!module || wired === source) {
    const where = module ?? 'the root module';
    context.logger.warn(`Add ${MODULE} to the imports of ${where} yourself.`);
    return;
  }
  const lines = wired.split('\n');
  const last = lines.findLastIndex((line) => /\bfrom ['"]/.test(line));
  tree.overwrite(module, lines.toSpliced(last + 1, 0, MODULE_IMPORT).join('\n'));
  context.logger.info(
    `${module} imports RoomgateModule. Set its ROOMGATE_* variables: see docs/configuration.md of nestjs-roomgate.`,
  );
}

function mentionsModule(folder: DirEntry): boolean {
  const names = folder.subfiles.filter((name) => name.endsWith('.ts'));
  return (
    names.some((name) => /\bRoomgateModule\b/.test(String(folder.file(name)?.content))) ||
    folder.subdirs.some(
      (name) => name !== ('node_modules' as PathFragment) && mentionsModule(folder.dir(name)),
    )
  );
}

function countWord(word: string, text: string): number {
  return text.match(new RegExp(`\\b${word}\\b`, 'g'))?.length ?? 0;
}

type NestSchematics = typeof import('@nestjs/schematics');

/**
 * The app's own `@nestjs/schematics`, which knows how to edit a module. It comes with every Nest
 * app and would be a heavy dependency of ours for a thing that never runs in production.
 */
export async function loadNestSchematics(): Promise<NestSchematics> {
  return (await import(pathToFileURL(resolveNestSchematics()).href)) as NestSchematics;
}

/** The two places where the CLI looks for a collection: the app first, then the CLI itself. */
function resolveNestSchematics(): string {
  for (const from of [join(process.cwd(), 'package.json'), process.argv[1]]) {
    try {
      if (from) return createRequire(from).resolve('@nestjs/schematics');
    } catch {
      // Not reachable from here; the other place may have it.
    }
  }
  throw new Error('@nestjs/schematics was not found: npm install --save-dev @nestjs/schematics');
}
