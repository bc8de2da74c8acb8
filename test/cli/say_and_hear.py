"""Alice and Bob enter the room at argv[1]; Alice says hello. Prints what both received, as JSON."""

import json
import os
import sys

from websocket import create_connection

url = sys.argv[1]
token = os.environ["ROOMGATE_TOKEN"]


def enter():
    return create_connection(url, header=[f"Authorization: Bearer {token}"], timeout=10)


alice = enter()
alice_hello = json.loads(alice.recv())
bob = enter()
bob_hello = json.loads(bob.recv())

alice.send(json.dumps({"event": "say", "data": {"text": "hello"}, "id": 1}))
bob_heard = json.loads(bob.recv())
# Her reply and the broadcast: which comes first is not promised.
alice_heard = [json.loads(alice.recv()) for _ in range(2)]

alice.close()
bob.close()
print(
    json.dumps(
        {"hellos": [alice_hello, bob_hello], "aliceHeard": alice_heard, "bobHeard": bob_heard}
    )
)
