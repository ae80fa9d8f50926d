"""The process of a storm on an account: standard input brings its task, and its end."""

from __future__ import annotations

import json
import os
import sys
import threading

from app import logs
from app.clock import SystemClock
from app.domain.errors import SignalboxError
from app.store.engine import make_engines
from app.store.unit_of_work import SqlStore
from app.storm.posted import PostedStorm, Task


def main() -> None:
    """Carry out the task; the process that started this one sees to what is left if it fails."""
    task = Task.of(json.loads(sys.stdin.buffer.readline()))
    threading.Thread(target=_end_with_input, daemon=True).start()
    logs.configure("error", "auto")
    store = SqlStore(make_engines(task.database), lambda _: None)
    storm = PostedStorm(task, store, SystemClock())
    try:
        storm.run()
    except SignalboxError as error:
        storm.broken(error.detail)
    finally:
        store.close()


def _end_with_input() -> None:
    """End at once when whoever started this process closed its end of the pipe, or died."""
    while sys.stdin.buffer.read(4096):
        continue
    os._exit(1)


if __name__ == "__main__":
    main()
