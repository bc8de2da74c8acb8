import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import type { Tree } from '@angular-devkit/schematics';
import { type GatewayNames, type RoomGatewayOptions, toKebabOrSnakeCase } from './names.js';

/** Below the source root, and in a folder of its own unless `flat`. */
export function locateFolder(tree: Tree, names: GatewayNames, options: RoomGatewayOptions): string {
  const { path = '', flat = true } = options;
  return posix.join(
    locateSources(tree, options),
    toKebabOrSnakeCase(path),
    toKebabOrSnakeCase(posix.dirname(options.name)),
    flat ? '' : names.fileName,
  );
}

/** The folder of the app's sources. Elsewhere than in an app's root (say in `src/shop`) the CLI means the folder it was started in. */
export function locateSources(tree: Tree, { sourceRoot = 'src' }: RoomGatewayOptions): string {
  const files = ['nest-cli.json', 'nest.json', 'tsconfig.json', 'package.json'];
  return posix.join('/', files.some((file) => tree.exists(file)) ? sourceRoot : '');
}

export function writeFiles(
  tree: Tree,
  folder: string,
  names: GatewayNames,
  options: RoomGatewayOptions,
): void {
  const gatewayFile = `${names.fileName}.gateway`;
  tree.create(posix.join(folder, `${gatewayFile}.ts`), render('gateway.ts', { ...names }));
  if (options.spec === false) return;

  const suffix = toKebabOrSnakeCase(options.specFileSuffix || 'spec');
  tree.create(
    posix.join(folder, `${gatewayFile}.${suffix}.ts`),
    render('gateway.spec.ts', {
      className: names.className,
      gatewayImport: `./${gatewayFile}${isEsm(tree) ? '.js' : ''}`,
    }),
  );
}

/** In an ES module app a relative import names the `.js` file. */
export function isEsm(tree: Tree): boolean {
  if (!tree.exists('package.json')) return false;
  return (tree.readJson('package.json') as { type?: unknown } | null)?.type === 'module';
}

function render(template: string, values: Record<string, string>): string {
  const text = readFileSync(new URL(`./files/${template}.template`, import.meta.url), 'utf8');
  return text.replace(/<%= (\w+) %>/g, (_, key: string) => {
    const value = values[key];
    if (value === undefined) throw new Error(`${template}.template asks for an unknown "${key}".`);
    return value;
  });
}
