"""Runs a command in a terminal of argv[1] columns and argv[2] rows until it has printed argv[3], presses Ctrl-C and
waits for its end. Prints as JSON what it wrote, when each line came (seconds), its exit code, and whether Ctrl-C ended it.
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

columns, rows, mark, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:]
started = time.monotonic()
pid, terminal = pty.fork()
if pid == 0:
    # The size has to be there before the command asks for it.
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(command[0], command)

text, times, is_pressed = "", [], False
deadline = started + 60
while time.monotonic() < deadline:
    ready, _, _ = select.select([terminal], [], [], 0.2)
    if not ready:
        continue
    try:
        chunk = os.read(terminal, 65536)
    except OSError:
        break  # The other end is closed.
    if not chunk:
        break
    text += chunk.decode()
    times += [round(time.monotonic() - started, 2)] * (text.count("\n") - len(times))
    if mark in text and not is_pressed:
        is_pressed = True
        before = text
        os.write(terminal, b"\x03")
        deadline = time.monotonic() + 15

has_ended = False
for _ in range(50):
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended:
        has_ended = True
        break
    time.sleep(0.1)
if not has_ended:
    os.kill(pid, 9)
print(
    json.dumps(
        {
            "text": (before if is_pressed else text).replace("\r\n", "\n"),
            "times": times,
            "isMarked": is_pressed,
            "hasEnded": has_ended,
            "code": os.waitstatus_to_exitcode(status) if has_ended else None,
        }
    )
)
