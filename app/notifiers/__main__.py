"""The process beside the server that knows apprise: one question a line, one answer a line.

It ends when its input does, or when nothing was asked for a while.
"""

from __future__ import annotations

import json
import os
import select
from typing import Final

from app.notifiers.apprised import answer

#: After how long without a question the process ends, in seconds.
IDLE_S: Final = 120.0
#: Trading has the right of way.
_NICE: Final = 10


def main() -> None:
    """Answer until nobody asks."""
    os.nice(_NICE)
    # Greenlets have made it a socket that never waits.
    os.set_blocking(0, True)
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What a service's code prints must not become a part of an answer.
    os.dup2(2, 1)
    questions = os.fdopen(0, "rb", buffering=0)
    while select.select([questions], [], [], IDLE_S)[0]:
        line = _line(questions.fileno())
        if not line:
            return
        replies.write(json.dumps(answer(json.loads(line))) + "\n")
        replies.flush()


def _line(descriptor: int) -> bytes:
    """Read one question, which is asked only when the last one was answered; empty at the end."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(descriptor, 65536)
        if not piece:
            return b""
        line += piece
    return line


if __name__ == "__main__":
    main()
