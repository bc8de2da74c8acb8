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

/**
 * Milliseconds after healing, a failover or a moved slot in which everything is in force again. A second is promised, and a slow
 * machine gets three. A node that has to look for who owns a slot by itself does so every five.
 */
export const HEALED_MS = 3_000;
