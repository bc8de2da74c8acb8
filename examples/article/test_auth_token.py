from websocket import create_connection
def test_auth_token(token, ip, port, uuid):
    url = f"ws://{ip}:{port}/{uuid}"
    headers = [f"Authorization: Bearer {token}"]
    conn = create_connection(url, header=headers)
    try:
        result = conn.recv()
        print("Connected and received:", result)
        assert result is not None
    finally:
        conn.close()
