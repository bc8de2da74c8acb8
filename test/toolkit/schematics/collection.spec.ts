import { readFileSync } from 'node:fs';
import type { RoomGatewayOptions } from '../../../src/toolkit/schematics/room-gateway/names.js';

const root = new URL('../../../', import.meta.url);
const folder = new URL('src/toolkit/schematics/', root);
const readJson = <T>(url: URL) => JSON.parse(readFileSync(url, 'utf8')) as T;

interface Collection {
  extends: string[];
  schematics: Record<string, { factory: string; schema: string; aliases: string[] }>;
}

describe('schematics collection', () => {
  const collection = readJson<Collection>(new URL('collection.json', folder));
  const entry = collection.schematics['room-gateway']!;

  it('is where package.json says it is', () => {
    expect(readJson<{ schematics: string }>(new URL('package.json', root)).schematics).toBe(
      './dist/toolkit/schematics/collection.json',
    );
  });

  it('keeps the stock schematics, so that it can be the default collection of an app', () => {
    expect(collection.extends).toEqual(['@nestjs/schematics']);
  });

  it('offers room-gateway, short rg', () => {
    expect(Object.keys(collection.schematics)).toEqual(['room-gateway']);
    expect(entry.aliases).toEqual(['rg']);
  });

  it('names a factory that is there', () => {
    const [path, name] = entry.factory.split('#') as [string, string];
    const source = new URL(path.replace(/\.js$/, '.ts'), folder);

    expect(readFileSync(source, 'utf8')).toContain(`export function ${name}(`);
  });

  it('describes every option, and only those', () => {
    const schema = new URL(entry.schema, folder);
    const described: Record<keyof RoomGatewayOptions, true> = {
      name: true,
      path: true,
      urlPath: true,
      language: true,
      sourceRoot: true,
      flat: true,
      spec: true,
      specFileSuffix: true,
      skipImport: true,
      format: true,
    };
    expect(Object.keys(readJson<{ properties: object }>(schema).properties)).toEqual(
      Object.keys(described),
    );
  });
});
