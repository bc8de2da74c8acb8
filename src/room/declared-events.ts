import type { StandardSchemaV1 } from '@standard-schema/spec';
import { refuseReserved } from '../connection/message.js';
import { isStandardSchema, issuePaths } from '../core/standard-schema.js';
import { RoomgateError } from '../core/errors.js';
import { quote } from '../core/option-rules.js';

/**
 * What the application says its events look like, as Standard Schemas by event. Data is checked as it is handed over, and
 * goes out as it is: what a schema would make of it is dropped.
 */
export class DeclaredEvents {
  readonly #schemas: ReadonlyMap<string, StandardSchemaV1>;

  /** @throws RoomgateError `invalid_options` for what is not a Standard Schema, `reserved_event` for an event of roomgate. */
  constructor(schemas: Readonly<Record<string, StandardSchemaV1>>) {
    this.#schemas = new Map(Object.entries(schemas));
    for (const [event, schema] of this.#schemas) {
      if (!isStandardSchema(schema))
        throw new RoomgateError(
          'invalid_options',
          `Expected the schema of the event ${quote(event)} to be a Standard Schema (zod, valibot, …).`,
        );
      refuseReserved(event);
    }
  }

  /**
   * Returns when the data fits, or the event was not declared.
   * @throws RoomgateError `invalid_data` naming event and paths, but no value; `invalid_options` when the schema answers with a
   * promise; whatever a schema throws.
   */
  check(event: string, data: unknown): void {
    const result = this.#schemas.get(event)?.['~standard'].validate(data);
    if (!result) return;
    if ('then' in result) {
      // Nobody waits for it, and a rejection that nobody hears of ends the process.
      result.then(undefined, () => {});
      throw new RoomgateError(
        'invalid_options',
        `The schema of the event ${quote(event)} is asynchronous: an event is sent at once, so its schema has to answer at once.`,
      );
    }
    if (!result.issues) return;
    const paths = issuePaths(result.issues).map((path) => path || 'the data itself');
    throw new RoomgateError(
      'invalid_data',
      `The data of the event ${quote(event)} does not fit its schema at ${paths.join(', ')}.`,
    );
  }
}
