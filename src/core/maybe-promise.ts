/**
 * What may be there at once or only later. An `await` of what is there costs a turn of the microtask queue and a promise, each
 * of the steps at the door could be answered by either, and most are answered at once.
 */

export function isLater<T>(value: T | Promise<T>): value is Promise<T> {
  if (typeof value !== 'object' || value === null) return false;
  return typeof (value as { readonly then?: unknown }).then === 'function';
}

/** Goes on with the value: in this turn when it is there, else when it is. */
export function whenThere<T, R>(
  value: T | Promise<T>,
  next: (value: T) => R | Promise<R>,
): R | Promise<R> {
  return isLater(value) ? Promise.resolve(value).then(next) : next(value);
}

/** What `act` answers, or what `failed` makes of what it throws or rejects with. */
export function attempt<T, F>(
  act: () => T | Promise<T>,
  failed: (error: unknown) => F,
): T | F | Promise<T | F> {
  try {
    const value = act();
    return isLater(value) ? Promise.resolve(value).catch(failed) : value;
  } catch (error) {
    return failed(error);
  }
}

/** The answers about all items, in their order; so many are asked about at a time, the first of them in this turn. */
export async function askEach<T, R>(
  items: readonly T[],
  atOnce: number,
  ask: (item: T) => Promise<R>,
): Promise<R[]> {
  const answers: R[] = [];
  const rest = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of rest) answers[index] = await ask(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
  return answers;
}

/**
 * A promise that may be left alone: whoever awaits it hears of its failure, and if nobody does the process does not end, which
 * a client could bring about whose token expires at the right moment.
 */
export function mayFloat<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
