// What both socket.io servers are given: one transport, small messages, and the door.

/** @param {ReturnType<typeof import('./door.js').createDoor>} admit */
export function socketIoOptions(admit) {
  return {
    transports: /** @type {'websocket'[]} */ (['websocket']),
    maxHttpBufferSize: 65536,
    serveClient: false,
    /**
     * @param {any} request
     * @param {(error: string | null, admitted: boolean) => void} answer
     */
    allowRequest(request, answer) {
      request.room = new URL(request.url, 'ws://host').searchParams.get('room') ?? '';
      request.claims = admit(request.headers.authorization, request.room);
      answer(null, request.claims !== null);
    },
  };
}
