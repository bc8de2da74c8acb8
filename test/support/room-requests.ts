import { ask, type UpgradeLines, upgradeBytes } from './raw-http.js';
import type { RoomApp } from './room-app.js';

/** The room that is asked for. */
export const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';
export const TARGET = `/${ROOM}`;

export function bearerFor(app: RoomApp, token = app.issuer.mint({ rooms: [ROOM] })): string {
  return `Authorization: Bearer ${token}`;
}

/** Asks for the room with a good token, unless `lines` say otherwise. */
export function knockAt(app: RoomApp, lines: Partial<UpgradeLines> = {}): ReturnType<typeof ask> {
  return ask(app.port, upgradeBytes({ target: TARGET, headers: [bearerFor(app)], ...lines }));
}
