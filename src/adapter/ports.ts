import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Admission, Admitted } from '../admission/admission.js';
import type { Audit } from '../admission/audit.js';
import type { Refusal } from '../admission/refusals.js';
import type { Drain } from '../connection/drain.js';
import type { RoomSocket } from '../connection/ws-socket.js';
import type { Clock } from '../core/clock.js';
import type { RoomgateOptions } from '../module/options.js';
import type { HttpAdapterLike } from './plain-get.js';
import type { RoomRoute, RoomServer } from './room-server.js';
import type { HttpInstance } from './roomgate.adapter.js';
import type { PeerAddresses } from './upgrade-limits.js';

/** What a connection is made of besides its principal and its WebSocket. */
export interface Arrival {
  readonly socket: Duplex;
  readonly ip: string | undefined;
  /** Of the upgrade request, without its question mark. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
}

/** What `RoomgateAdapter` needs from the module. */
export interface AdapterPorts {
  readonly options: RoomgateOptions;
  readonly clock: Clock;
  readonly admission: Admission;
  readonly audit: Audit;
  /** Tells the log of a refusal what part of the application threw, if one did; `about` names the request. */
  failed(refusal: Refusal, about: string): void;
  readonly addresses: PeerAddresses;
  readonly drain: Drain;
  /** Every room gateway path of the app, by its text. */
  readonly routes: ReadonlyMap<string, RoomRoute>;
  /** Known only after the HTTP server was made, which is after this was. */
  httpAdapter(): HttpAdapterLike & { getHttpServer(): Server; getInstance(): HttpInstance };
  /** The app's global prefix with a leading slash when it is to stand before gateway paths, else empty. */
  prefix(): string;
  readonly entrance: {
    /** Makes the connection of an admitted socket: registered, in its room, greeted, and known to the gateways at the server. */
    open(client: RoomSocket, arrival: Arrival, admitted: Admitted, server: RoomServer): void;
  };
}

/** A stock gateway's server, reached by its exact path. */
export interface PlainServer {
  readonly path: string;
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    callback: (client: WebSocket) => void,
  ): void;
  emit(event: 'connection', client: WebSocket, request: IncomingMessage): boolean;
}
