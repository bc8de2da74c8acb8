// Checked by `npm run typecheck`, never run: what the public types promise, and what they must refuse.
import {
  type AUDIT_REASONS,
  type AuditReason,
  type CLOSE_CODES,
  parseRoomId,
  type Principal,
  type RefusalCode,
  Refusal,
  type RoomId,
  type RoomgateModuleOptions,
  RoomgateModule,
  type RoomConnection,
  type RoomPublisher,
  RoomPublisherModule,
  type RoomService,
} from 'nestjs-roomgate';

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(): T => true as T;

// A room id is parsed, not asserted.
// @ts-expect-error -- text is not a room id
export const bare: RoomId = '123e4567-e89b-12d3-a456-426614174000';
holds<Equal<ReturnType<typeof parseRoomId>, RoomId | undefined>>();

// Claims are what the application declares, on top of what roomgate relies on.
declare module 'nestjs-roomgate' {
  interface Register {
    claims: { readonly tenant: string; readonly plan: 'free' | 'pro' };
    connectionData: { cursor: number };
  }
}
declare const principal: Principal;
holds<Equal<typeof principal.claims.plan, 'free' | 'pro'>>();
holds<Equal<typeof principal.claims.sub, string>>();
// @ts-expect-error -- nobody changes who they are
principal.subject = 'mallory';
// @ts-expect-error -- nor what they may do
principal.scopes.push('admin');

// A handler reads its connection, and cannot change what it may do.
declare const connection: RoomConnection;
// @ts-expect-error -- only a verified token changes the principal
connection.renew({ ...principal, scopes: ['admin'] });
// @ts-expect-error -- nor is it assigned
connection.principal = principal;
// What an app keeps with a connection is what it declares, and absent until the app sets it.
holds<Equal<typeof connection.data, { cursor?: number }>>();
connection.data.cursor = 1;
// @ts-expect-error -- not declared
connection.data.cursr = 1;

// Every refusal and every close has its reason in the one table, and a refusal can have no other.
type Snake<S extends string> = S extends `${infer A} ${infer B}` ? `${A}_${Snake<B>}` : S;
type CloseReason = Snake<(typeof CLOSE_CODES)[keyof typeof CLOSE_CODES]['reason']>;
holds<Equal<Exclude<RefusalCode | CloseReason, AuditReason>, never>>();
holds<Equal<AuditReason, keyof typeof AUDIT_REASONS>>();
// @ts-expect-error -- an invented reason
export const invented = new Refusal('no_token', 'because');

// Options are closed.
// @ts-expect-error -- a misspelt option
export const misspelt: RoomgateModuleOptions = { maxMesageBytes: 1 };
// @ts-expect-error -- "none" is not an algorithm
RoomgateModule.forRoot({ issuers: [{ issuer: 'a', algorithms: ['none'], keys: [] }] });

// @ts-expect-error -- a worker has no door
RoomPublisherModule.forRoot({ rooms: {}, issuers: [] });

declare const rooms: RoomService;
// What is taken away on every node is known when the engine has it.
holds<Equal<ReturnType<ReturnType<typeof rooms.room>['close']>, Promise<number>>>();
// @ts-expect-error -- a room has an id
export const nameless: unknown = rooms.room();
// A room is the same on a node and in a worker. A worker has no members.
declare const publisher: RoomPublisher;
holds<Equal<ReturnType<typeof publisher.room>, ReturnType<typeof rooms.room>>>();
// @ts-expect-error -- members are on nodes
export const members: unknown = publisher.members;
