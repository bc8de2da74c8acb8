"""The client that the project was written for, as it was given. Arguments: address, port, room. The token is in TOKEN."""

import os
import sys

from websocket import create_connection


def test_auth_token(token, ip, port, uuid):
    conn = create_connection(f"ws://{ip}:{port}/{uuid}", header=[f"Authorization: Bearer {token}"])
    try:
        assert conn.recv() is not None
    finally:
        conn.close()


test_auth_token(os.environ["TOKEN"], *sys.argv[1:4])
print("passed")
