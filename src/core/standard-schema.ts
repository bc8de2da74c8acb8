import type { StandardSchemaV1 } from '@standard-schema/spec';

const MAX_PATHS = 10;
const MAX_PATH_LENGTH = 64;

const NAME = /^[A-Za-z_$][\w$]*$/;
const INDEX = /^\d+$/;

/** Whether the value, an object or a function, follows Standard Schema (standardschema.dev). */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  const standard = (value as Partial<StandardSchemaV1> | null | undefined)?.['~standard'];
  return typeof standard?.validate === 'function';
}

/**
 * Where data does not fit a Standard Schema: at most 10 different paths such as `items[2].price`, each cut to 64 characters; an
 * empty one is the data itself. Never a value. What is neither a name nor an index may be a key of the sender's choice, as in
 * a record, and is `*`. With `property`, the schema was asked about that member of the data alone.
 */
export function issuePaths(
  issues: readonly StandardSchemaV1.Issue[],
  property?: string,
): readonly string[] {
  const above = property === undefined ? [] : [property];
  const paths = new Set<string>();
  for (const { path = [] } of issues) {
    paths.add(toText([...above, ...path]));
    if (paths.size === MAX_PATHS) break;
  }
  return [...paths];
}

function toText(path: readonly (PropertyKey | StandardSchemaV1.PathSegment)[]): string {
  let text = '';
  for (const segment of path) {
    const key = String(typeof segment === 'object' ? segment.key : segment);
    if (INDEX.test(key)) text += `[${key}]`;
    else text += `${text && '.'}${NAME.test(key) ? key : '*'}`;
    if (text.length >= MAX_PATH_LENGTH) break;
  }
  return text.slice(0, MAX_PATH_LENGTH);
}
