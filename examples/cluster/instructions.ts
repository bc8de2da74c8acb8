/** Commands of a room's client, ready to be pasted. */
export function clientCommands(url: string, token: string): string {
  const python = `from websocket import create_connection as connect; c = connect("${url}", header=["Authorization: Bearer ${token}"]); print(c.recv()); c.send("{\\"event\\":\\"say\\",\\"data\\":\\"hello\\",\\"id\\":1}"); print(c.recv()); print(c.recv())`;
  const node = `import { WebSocket } from "ws"; const c = new WebSocket("${url}", { headers: { authorization: "Bearer ${token}" } }); c.on("message", (m) => console.log(String(m))); c.on("open", () => c.send(JSON.stringify({ event: "say", data: "hello", id: 1 })))`;
  return `Python (package websocket-client; on Debian: python3-websocket):

  python3 -c '${python}'

Node (in this folder):

  node --input-type=module -e '${node}'`;
}

export function tokenCommand(room: string): string {
  return `Another token for the same room:

  npm run --silent token -- --sub bob --room ${room}`;
}
