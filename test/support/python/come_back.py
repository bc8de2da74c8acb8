"""Two people in a room with a history and presence: one goes, comes back with its position, and has missed nothing."""

import json
import os
import sys
from urllib.parse import urlencode

from websocket import ABNF, create_connection

URL, OTHER_ROOM = sys.argv[1:]
ROOM = URL.rsplit("/", 1)[1]


class Client:
    def __init__(self, name, query=""):
        header = [f"Authorization: Bearer {os.environ[name]}"]
        self.conn = create_connection(URL + query, timeout=10, header=header)
        self.seen = []
        self.hello = self.until("hello")["data"]

    def until(self, event):
        """What comes up to an event; what comes before it is kept."""
        while True:
            opcode, body = self.conn.recv_data()
            if opcode == ABNF.OPCODE_BINARY:
                self.seen[-1]["bytes"] = body
                message = self.seen[-1]
            else:
                message = json.loads(body)
                self.seen.append(message)
            if message["event"] == event and (event != "binary" or "bytes" in message):
                return message

    def first(self, event, mark):
        """The first of an event behind a mark, whether it was read already or not."""
        read = [message for message in self.seen[mark:] if message["event"] == event]
        return read[0] if read else self.until(event)

    def ask(self, event, data, reply):
        self.conn.send(json.dumps({"event": event, "data": data, "id": event}))
        answer = self.until(reply)
        while answer.get("id") != event:
            answer = self.until(reply)
        return answer.get("data")

    def said(self):
        return [message["data"]["data"] for message in self.seen if message["event"] == "said"]


alice, bob = Client("ALICE"), Client("BOB")
while sum(len(message["data"]["members"]) for message in alice.seen if message["event"] == "presence.joined") < 2:
    alice.until("presence.joined")
alice.ask("say", 1, "ack")
bob.until("said")
position = {"offset": bob.seen[-1]["offset"], "epoch": bob.hello["position"]["epoch"]}
position["connectionId"] = bob.hello["connectionId"]
mark = len(alice.seen)
bob.conn.close()

for text in (2, "drei", [4]):
    alice.ask("say", text, "ack")
alice.first("presence.left", mark)
mark = len(alice.seen)

back = Client("BOB", "?" + urlencode(position))
while len(back.said()) < 3:
    back.until("said")
assert back.said() == [2, "drei", [4]], back.seen
offsets = [message["offset"] for message in back.seen if message["event"] == "said"]
assert offsets == [2, 3, 4], offsets
came = alice.first("presence.joined", mark)["data"]
assert came["room"] == ROOM and "BOB" not in json.dumps(came).upper(), came
present = back.ask("room.presence", {}, "ack")
assert present["total"] == 2 and came["members"][0]["id"] in [m["id"] for m in present["members"]], present

# Another life of the room than the one it was in: a gap, and nothing else.
lost = Client("BOB", "?" + urlencode({"offset": 1, "epoch": "another"}))
gap = lost.until("gap")["data"]
assert gap == {"room": ROOM, "offset": 4, "epoch": position["epoch"]}, gap
assert lost.said() == [], lost.seen

# The second room of one connection, with its own history.
joined = back.ask("room.join", {"room": OTHER_ROOM}, "room.joined")
assert joined["room"] == OTHER_ROOM and joined["position"]["offset"] == 0, joined
back.conn.send(json.dumps({"event": "say", "data": "there", "id": 1, "room": OTHER_ROOM}))
while back.seen[-1].get("room") != OTHER_ROOM:
    back.until("said")
page = back.ask("room.history", {"since": {"offset": 2, "epoch": position["epoch"]}, "limit": 1}, "ack")
assert [one["data"]["data"] for one in page["publications"]] == ["drei"] and page["hasMore"], page

# Bytes, behind the frame that says where they stand.
back.conn.send_binary(b"\x00\xff")
drawn = alice.until("binary")
assert drawn["bytes"] == b"\x00\xff" and drawn["offset"] == 5 and drawn["room"] == ROOM, drawn

for client in (alice, back, lost):
    client.conn.close()
print("passed")
