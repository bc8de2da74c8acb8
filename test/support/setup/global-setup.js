/**
 * Why this exists: Jest runs it once before the `e2e` project. Those tests drive the server with
 * Debian's python websocket-client, a client that we did not write, and through a real nginx.
 */
import { ensure } from './prerequisites.js';

export default function globalSetup() {
  ensure('websocket');
  ensure('nginx');
}
