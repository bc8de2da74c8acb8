import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export type NestSchematics = typeof import('@nestjs/schematics');

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
