"""Two members of one room: what one says, both hear. Arguments: url. The tokens are in ALICE and BOB."""

import json
import os
import sys

from websocket import create_connection


def enter(token):
    conn = create_connection(sys.argv[1], timeout=10, header=[f"Authorization: Bearer {token}"])
    hello = json.loads(conn.recv())
    assert hello["event"] == "hello", hello
    return conn


alice = enter(os.environ["ALICE"])
bob = enter(os.environ["BOB"])
try:
    alice.send(json.dumps({"event": "say", "data": "günaydın", "id": 1}))
    heard = json.loads(bob.recv())
    room = sys.argv[1].rsplit("/", 1)[1]
    assert heard == {"event": "said", "data": {"from": "alice", "data": "günaydın"}, "room": room}, heard
    replies = [json.loads(alice.recv()), json.loads(alice.recv())]
    assert heard in replies, replies
    assert {"event": "ack", "id": 1} in replies, replies
finally:
    alice.close()
    bob.close()
print("passed")
