import type { Server } from 'node:http';
import type { HistoryRight } from 'nestjs-roomgate';
import type { RoomgateTestbed } from 'nestjs-roomgate/testing';
import { WebSocket } from 'ws';
import type { Position } from '../../src/room/engine/engine.js';
import { nodeOf } from './node-of.js';
import { ThrottledPipe } from './throttled-pipe.js';

type Since = Position & { readonly connectionId?: string };

/** What happened to a client in one room, as it saw it. */
export type Entry =
  | {
      kind: 'begin';
      connectionId: string;
      /** Where the room was, and where the client had been. */
      position: Position;
      since: Since | undefined;
    }
  | { kind: 'said'; text: string; offset: number; epoch: string | undefined; isMuted: boolean }
  | { kind: 'gap'; position: Position; now: number; seq: number }
  /** From now on it may see this much of the past. */
  | { kind: 'right'; right: HistoryRight }
  | { kind: 'end'; code: number };

export interface View {
  readonly log: Entry[];
  position: Position | undefined;
  /** The connection by which it got that far. */
  by: string | undefined;
  isIn: boolean;
}

/** A client's application that follows rooms as PROTOCOL.md says: it keeps its position in each, and comes back to it. */
export class RoomReader {
  readonly views: ReadonlyMap<string, View>;
  connectionId: string | undefined;
  pipe: ThrottledPipe | undefined;
  /** What is with the socket is read although the connection is muted. */
  wasBehind = false;
  readonly codes: string[] = [];
  /** What no server may do. */
  readonly faults: string[] = [];
  #socket: WebSocket | undefined;
  readonly #asked = new Map<string, HistoryRight>();
  #given: Since | undefined;
  #joining = new Map<string, { room: string; since: Since | undefined }>();

  constructor(
    readonly testbed: RoomgateTestbed,
    readonly sub: string,
    readonly rooms: readonly string[],
    private readonly right: (room: string) => HistoryRight,
    /** The time, and how much was said by now. */
    private readonly stamp: () => { now: number; seq: number },
  ) {
    this.views = new Map(
      rooms.map((room) => [room, { log: [], position: undefined, by: undefined, isIn: false }]),
    );
  }

  get isOpen(): boolean {
    return this.connectionId !== undefined;
  }

  /** Whether the server says nothing to it, because its token has expired. */
  get isMuted(): boolean {
    const connection = nodeOf(this.testbed).registry.get(this.connectionId ?? '');
    return connection !== undefined && connection.isOpen && !connection.isLive();
  }

  connect(room: string, withPosition: boolean, ttlMs: number): void {
    if (this.#socket) return;
    const { testbed, sub, rooms } = this;
    const since = withPosition ? this.#since(room) : undefined;
    this.#asked.set(room, this.right(room));
    this.#given = since;
    const query = since ? `?${new URLSearchParams(since as never).toString()}` : '';
    const pipe = (this.pipe = new ThrottledPipe(testbed.app.getHttpServer() as Server));
    const authorization = `Bearer ${testbed.mint({ sub, rooms, ttlMs })}`;
    const socket = new WebSocket(`ws://testbed/${room}${query}`, {
      headers: { authorization },
      createConnection: () => pipe as never,
    });
    this.#socket = socket;
    this.wasBehind = false;
    socket.on('message', (bytes) => {
      if (this.#socket === socket) this.#receive(JSON.parse((bytes as Buffer).toString()));
    });
    socket.on('error', () => undefined);
    socket.on('close', (code) => this.#ended(socket, code));
  }

  join(room: string, withPosition: boolean): void {
    if (!this.isOpen || this.views.get(room)?.isIn || this.#joining.has(room)) return;
    const since = withPosition ? this.#since(room) : undefined;
    this.#asked.set(room, this.right(room));
    this.#joining.set(room, { room, since });
    this.#send('room.join', { room, position: since }, `join ${room}`);
  }

  leave(room: string): void {
    if (this.isOpen && this.views.get(room)?.isIn) this.#send('room.leave', { room }, 'leave');
  }

  refresh(ttlMs: number): void {
    const { sub, rooms } = this;
    const token = this.testbed.mint({ sub, rooms, ttlMs });
    if (this.isOpen) this.#send('auth.refresh', { token }, 'refresh');
  }

  cutAfter(bytes: number): void {
    this.pipe?.cutAfter(bytes);
  }

  close(): void {
    this.#socket?.close();
  }

  terminate(): void {
    this.#socket?.terminate();
  }

  stall(): void {
    this.wasBehind = true;
    this.pipe?.stall();
  }

  /** Whoever goes on has read to the end by now. */
  settled(): void {
    this.wasBehind &&= this.pipe?.isStalled ?? false;
  }

  #since(room: string): Since | undefined {
    const { position, by } = this.views.get(room) as View;
    return position && { ...position, connectionId: by as string };
  }

  #send(event: string, data: object, id: string): void {
    this.#socket?.send(JSON.stringify({ event, data, id }));
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- whatever comes
  #receive({ event, data, id, room, offset, epoch }: any): void {
    if (event === 'hello') {
      this.connectionId = data.connectionId;
      return this.#begin(data.room, data.position, this.#given);
    }
    const joining = this.#joining.get(String(id).slice('join '.length));
    if (joining) {
      this.#joining.delete(joining.room);
      if (event === 'room.joined') this.#begin(joining.room, data.position, joining.since);
      else this.codes.push(data.code);
    } else if (event === 'room.left') this.#end(data.room, data.code);
    else if (event === 'exception') this.codes.push(data.code);
    else if (event === 'gap' || event === 'said') {
      const view = this.#viewIn(event === 'gap' ? data.room : room);
      const { epoch: last } = view.position as Position;
      view.position =
        event === 'gap' ? { epoch: data.epoch, offset: data.offset } : { epoch: last, offset };
      view.by = this.connectionId;
      const isMuted = this.isMuted && !this.wasBehind;
      const position = view.position as Position;
      if (event === 'gap') view.log.push({ kind: 'gap', position, ...this.stamp() });
      else view.log.push({ kind: 'said', text: data, offset, epoch, isMuted });
    }
  }

  #begin(room: string, position: Position, since: Since | undefined): void {
    const view = this.views.get(room) as View;
    if (view.isIn) this.faults.push(`It is let into ${room} twice.`);
    view.isIn = true;
    if (!since) Object.assign(view, { position, by: this.connectionId });
    const connectionId = this.connectionId as string;
    view.log.push({ kind: 'begin', connectionId, position, since });
    // It was decided by what held when it asked, or holds now.
    for (const right of [this.#asked.get(room) ?? true, this.right(room)])
      view.log.push({ kind: 'right', right });
  }

  #end(room: string, code: number): void {
    const view = this.#viewIn(room);
    view.isIn = false;
    view.log.push({ kind: 'end', code });
  }

  #viewIn(room: string): View {
    const view = this.views.get(room) as View;
    if (!view.isIn) this.faults.push(`It hears of ${room}, in which it is not.`);
    return view;
  }

  #ended(socket: WebSocket, code: number): void {
    if (this.#socket !== socket) return;
    for (const [room, { isIn }] of this.views) if (isIn) this.#end(room, code);
    this.connectionId = undefined;
    this.#socket = undefined;
    this.#joining.clear();
  }
}
