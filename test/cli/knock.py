"""Knocks at argv[1], with the token of the environment as a header if there is one. Prints the verdict."""

import json
import os
import sys

from websocket import WebSocketBadStatusException, create_connection

token = os.environ.get("ROOMGATE_TOKEN")
header = [f"Authorization: Bearer {token}"] if token else []

try:
    create_connection(sys.argv[1], header=header, timeout=10).close()
    print(json.dumps({"status": 101}))
except WebSocketBadStatusException as refusal:
    print(json.dumps({"status": refusal.status_code, "headers": refusal.resp_headers}))
