import type { StandardSchemaV1 } from '@standard-schema/spec';

type Validate<Output> = StandardSchemaV1<unknown, Output>['~standard']['validate'];

/** A Standard Schema by hand, as every library that follows it makes them. */
export function schema<Output>(validate: Validate<Output>): StandardSchemaV1<unknown, Output> {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

/** Issues at those paths, which quote the value as libraries do. */
export function issuesAt(
  value: unknown,
  ...paths: readonly PropertyKey[][]
): StandardSchemaV1.FailureResult {
  const message = `Invalid: ${String(JSON.stringify(value))}`;
  return { issues: paths.map((path) => ({ message, path })) };
}

/** Digits, of which it makes a number: its output would not pass a second time. */
export const digits = schema<number>((value) =>
  typeof value === 'string' && /^\d+$/.test(value) ? { value: Number(value) } : issuesAt(value, []),
);

export interface Order {
  readonly text: string;
  readonly items: readonly { readonly price: number }[];
}

/** `{ text: string, items?: { price: number }[] }`; a text is trimmed, items are an empty list by default. */
export const order = schema<Order>((value) => {
  const { text, items = [] } = Object(value) as { text?: unknown; items?: unknown };
  const bad: PropertyKey[][] = typeof text === 'string' ? [] : [['text']];
  const list = Array.isArray(items) ? (items as unknown[]) : (bad.push(['items']), []);
  for (const [index, item] of list.entries())
    if (typeof (Object(item) as { price?: unknown }).price !== 'number')
      bad.push(['items', index, 'price']);
  if (bad.length > 0) return issuesAt(value, ...bad);
  return { value: { text: (text as string).trim(), items: list as Order['items'] } };
});
