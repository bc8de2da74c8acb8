/** Waits, in real time, for something that happens in the operating system or in another process. */
export async function eventually(
  isTrue: () => boolean | Promise<boolean>,
  what: string,
  patienceMs = 5_000,
): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!(await isTrue())) {
    if (Date.now() > end) throw new Error(`Waited in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What wins a race when the other side has said nothing for so long. */
export const nothingFor = (ms: number): Promise<'nothing'> =>
  new Promise((resolve) => setTimeout(resolve, ms, 'nothing'));
