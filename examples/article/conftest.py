"""The four fixtures of the article's function.

They name the room that `npm start` serves. ARTICLE_URL and ARTICLE_TOKEN, if set, name another one.
"""

import json
import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
ROOM_FILE = CHECKOUT / ".keys" / "room.json"


@pytest.fixture(scope="session")
def url():
    given = os.environ.get("ARTICLE_URL")
    if given is None and not ROOM_FILE.exists():
        pytest.fail("There is no room yet. Start the example in another terminal: npm start")
    return urlsplit(given or json.loads(ROOM_FILE.read_text())["url"])


@pytest.fixture(scope="session")
def token():
    given = os.environ.get("ARTICLE_TOKEN")
    if given is not None:
        return given
    command = ["npm", "run", "--silent", "token"]
    return subprocess.run(command, cwd=CHECKOUT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@pytest.fixture(scope="session")
def ip(url):
    return url.hostname


@pytest.fixture(scope="session")
def port(url):
    return url.port


@pytest.fixture(scope="session")
def uuid(url):
    return url.path.strip("/")
