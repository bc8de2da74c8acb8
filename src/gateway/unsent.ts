/** Tells a developer, once for each event, of return values that nobody gets. */
export class Unsent {
  readonly #warned = new Set<string>();

  constructor(private readonly warn: (line: string) => void) {}

  tell(event: string): void {
    if (this.#warned.has(event)) return;
    this.#warned.add(event);
    this.warn(
      `The handler of ${JSON.stringify(event)} returned a value for a message without an id: nobody gets it. Return { event, data }, or have the client send an id.`,
    );
  }
}
