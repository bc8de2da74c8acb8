/**
 * Why this exists: a process that a test starts runs our TypeScript without a build and without Jest. The same rules as
 * in setup/resolver.cjs: a relative `.js` is the `.ts` beside it, the package's own name leads to its source.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';

const root = new URL('../../../', import.meta.url);
const ownName = /^nestjs-roomgate(?:\/([a-z-]+))?$/;

/** @type {import('node:module').ResolveHook} */
export function resolve(specifier, context, next) {
  const own = ownName.exec(specifier);
  if (own) return next(new URL(`src/${own[1] ?? 'index'}.ts`, root).href, context);
  if (/^\.\.?\/.*\.js$/.test(specifier) && context.parentURL?.endsWith('.ts')) {
    const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(source)) return next(source.href, context);
  }
  return next(specifier, context);
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { code } = await transform(await readFile(fileURLToPath(url), 'utf8'), {
    swcrc: false,
    filename: fileURLToPath(url),
    sourceMaps: 'inline',
    jsc: {
      parser: { syntax: 'typescript', decorators: true },
      transform: {
        legacyDecorator: true,
        decoratorMetadata: true,
        useDefineForClassFields: true,
      },
      target: 'es2022',
      keepClassNames: true,
    },
    module: { type: 'es6' },
  });
  return { format: 'module', source: code, shortCircuit: true };
}
