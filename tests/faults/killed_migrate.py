"""``python -m app migrate``, killed before the first statement that matches KILL_AT.

"commit" stands for the moment before the transaction is committed.
"""

from __future__ import annotations

import os
import re
import runpy
import signal
import sys

from sqlalchemy import event
from sqlalchemy.engine import Engine

POINT = os.environ["KILL_AT"]


def kill() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


@event.listens_for(Engine, "before_cursor_execute")
def executing(_connection: object, _cursor: object, statement: str, *_: object) -> None:
    """Hear of each statement."""
    if re.match(POINT, statement.strip()):
        kill()


@event.listens_for(Engine, "commit")
def committing(_connection: object) -> None:
    """Hear of each commit."""
    if POINT == "commit":
        kill()


sys.argv = ["app", "migrate"]
runpy.run_module("app", run_name="__main__")
