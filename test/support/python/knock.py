"""Knocks with the options given as JSON in the first argument and prints the verdict as JSON.

url: where; header: list of header lines; suppress_origin: whether to send no Origin.
"""

import json
import sys

from websocket import WebSocketBadStatusException, create_connection

options = json.loads(sys.argv[1])
url = options.pop("url")
try:
    conn = create_connection(url, timeout=10, **options)
except WebSocketBadStatusException as refusal:
    print(json.dumps({"status": refusal.status_code, "headers": refusal.resp_headers}))
else:
    first = json.loads(conn.recv())
    conn.close()
    print(json.dumps({"status": 101, "first": first}))
