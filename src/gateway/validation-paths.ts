import { issuePaths } from '../core/standard-schema.js';

/** The members of class-validator's `ValidationError` that say where data does not fit. */
interface ValidationError {
  readonly property?: unknown;
  readonly children?: unknown;
  readonly constraints?: unknown;
}

const MAX_DEPTH = 32;

/**
 * Where data does not fit, out of the texts of Nest's `ValidationPipe` ("items.0.price must be a number") or out of the
 * `ValidationError`s of class-validator. A segment is kept when it is an index or a property that some class of the app declares
 * for class-validator; everything else may be a key or a value of the sender, and is `*`.
 * @returns at most 10 different paths such as `items[2].price`, each cut to 64 characters
 */
export function messagePaths(list: readonly unknown[]): readonly string[] {
  const declared = declaredProperties();
  const issues = list.flatMap((item) => pathsOf(item, 0)).map((path) => path.map(keep));
  return issuePaths(issues.map((path) => ({ path, message: '' })));

  function keep(segment: string): string {
    return /^\d+$/.test(segment) || declared.has(segment) ? segment : '*';
  }
}

function pathsOf(item: unknown, depth: number): string[][] {
  // The path of a text is its first word; a text that begins in another way has a first word that no class declares.
  if (typeof item === 'string') return [(item.split(' ', 1)[0] as string).split('.')];
  const { property, children, constraints } = Object(item) as ValidationError;
  const segment = typeof property === 'string' ? property : '*';
  const below =
    Array.isArray(children) && depth < MAX_DEPTH
      ? (children as unknown[]).flatMap((child) => pathsOf(child, depth + 1))
      : [];
  const own = below.length === 0 || Object.keys(Object(constraints) as object).length > 0;
  return [...(own ? [[segment]] : []), ...below.map((path) => [segment, ...path])];
}

/** Every property that a class of the app declares for class-validator, which keeps its metadata in one place of the process. */
function declaredProperties(): ReadonlySet<string> {
  const { classValidatorMetadataStorage: storage } = globalThis as {
    classValidatorMetadataStorage?: { validationMetadatas?: unknown };
  };
  const names = new Set<string>();
  const { validationMetadatas } = storage ?? {};
  if (validationMetadatas instanceof Map)
    for (const list of validationMetadatas.values() as Iterable<Iterable<{ propertyName: string }>>)
      for (const { propertyName } of list) names.add(propertyName);
  return names;
}
