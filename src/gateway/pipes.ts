import {
  type ArgumentMetadata,
  BadRequestException,
  Injectable,
  type PipeTransform,
  StandardSchemaValidationPipe,
  type Type,
} from '@nestjs/common';
import { PARAM_ARGS_METADATA } from '@nestjs/websockets/internal';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { parseRoomId, type RoomId } from '../admission/room-id.js';
import { RoomgateError } from '../core/errors.js';
import { isStandardSchema, issuePaths } from '../core/standard-schema.js';

/** How Nest remembers a decorated parameter of a handler. */
interface Parameter {
  /** The member of the data that is asked for: `@MessageBody('text')`. */
  readonly data?: string;
  readonly pipes: readonly (Type<PipeTransform> | PipeTransform)[];
  readonly schema?: StandardSchemaV1;
  /** Of decorators that the application made. */
  readonly factory?: unknown;
}

/**
 * Data that does not fit a Standard Schema. A client is answered `bad_request` with `paths`, where it does not fit, but nothing
 * of the data and none of the schema's words. As the `exceptionFactory` of a `StandardSchemaValidationPipe` it says the same over
 * HTTP: `(issues) => new InvalidDataException(issues)`.
 */
export class InvalidDataException extends BadRequestException {
  /** At most 10, such as `items[2].price`, each of at most 64 characters; an empty one is the data itself. */
  readonly paths: readonly string[];

  /** @param property the member of the data that the schema was asked about, if not about all of it */
  constructor(issues: readonly StandardSchemaV1.Issue[], property?: string) {
    const paths = issuePaths(issues, property);
    super({ statusCode: 400, error: 'Bad Request', message: 'The data is not valid.', paths });
    this.paths = paths;
  }
}

/** Nest's own validation, with the schema of one parameter. */
class MessageSchemaPipe extends StandardSchemaValidationPipe {
  constructor(
    readonly schema: StandardSchemaV1,
    property: string | undefined,
  ) {
    super({ exceptionFactory: (issues) => new InvalidDataException(issues, property) });
  }

  override transform<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    return super.transform(value, { ...metadata, schema: this.schema });
  }
}

/**
 * Makes `@MessageBody({ schema })` of a handler validate, which in Nest it does only where somebody has thought of a pipe. The
 * schema moves from the parameter into a pipe in front of the parameter's own: other pipes, global ones too, find none and
 * pass the data on, or it would be validated twice, the second time what the first had made of it.
 * @throws RoomgateError `invalid_options` when it is not a Standard Schema
 */
export function bringSchemas(gateway: { readonly name: string }, method: string): void {
  const parameters = Object.entries(
    (Reflect.getMetadata(PARAM_ARGS_METADATA, gateway, method) ?? {}) as Record<string, Parameter>,
  );
  const moved = parameters.map(([key, parameter]) => {
    const { schema, data, pipes, factory } = parameter;
    if (!schema || factory) return [key, parameter] as const;
    if (!isStandardSchema(schema))
      throw new RoomgateError(
        'invalid_options',
        `Expected the schema of ${gateway.name}.${method} to be a Standard Schema (zod, valibot, …).`,
      );
    const pipe = new MessageSchemaPipe(schema, data);
    return [key, { ...parameter, schema: undefined, pipes: [pipe, ...pipes] }] as const;
  });
  if (parameters.length > 0)
    Reflect.defineMetadata(PARAM_ARGS_METADATA, Object.fromEntries(moved), gateway, method);
}

/** A room id from a message or an HTTP parameter, in lower case; anything that is not a UUID is a bad request. */
@Injectable()
export class ParseRoomIdPipe implements PipeTransform<unknown, RoomId> {
  transform(value: unknown): RoomId {
    const id = parseRoomId(value);
    if (!id)
      throw new BadRequestException('Validation failed (a room id, which is a UUID, is expected)');
    return id;
  }
}
