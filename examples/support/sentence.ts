/** A failure that the person at the terminal can mend. It is printed as it is, without a stack. */
export class Sentence extends Error {}

/**
 * Development keys and tokens must stay out of reach of a production system.
 * @throws Sentence unless NODE_ENV is exactly `development` or `test`.
 */
export function refuseStrictMode(): void {
  const { NODE_ENV } = process.env;
  if (NODE_ENV !== 'development' && NODE_ENV !== 'test') {
    throw new Sentence(
      'The example signs tokens with a development key, so it starts only with NODE_ENV=development.',
    );
  }
}

/** Runs a program. A failure becomes one readable line and exit code 1. */
export function run(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    console.error(error instanceof Sentence ? error.message : error);
    process.exit(1);
  });
}
