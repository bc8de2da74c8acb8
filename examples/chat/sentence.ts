/** Something the person at the terminal can do something about: printed as it is, without a stack. */
export class Sentence extends Error {}

/** Development keys and tokens must not be within reach of a production system. */
export function refuseStrictMode(): void {
  const { NODE_ENV } = process.env;
  if (NODE_ENV !== 'development' && NODE_ENV !== 'test') {
    throw new Sentence(
      'The example uses development keys, so it starts only with NODE_ENV=development (`npm start` sets it).',
    );
  }
}

/** Runs a program and turns its failure into one readable line. */
export function run(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    console.error(error instanceof Sentence ? error.message : error);
    process.exitCode = 1;
  });
}
