"""How gunicorn serves Signalbox: one process, whose workers start with it and drain at its end."""

import logging
import os
import signal
from functools import partial
from types import FrameType
from typing import Any

_EVENTLET = os.environ.get("ASYNC_MODE", "eventlet") == "eventlet"

# What gunicorn says about the eventlet worker's future is for us (docs/adr/0001), not for whoever
# runs the server.
logging.getLogger("gunicorn.error").addFilter(
    lambda record: "eventlet worker is DEPRECATED" not in str(record.msg)
)

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '5000')}"
workers = 1
worker_class = "eventlet" if _EVENTLET else "gthread"
threads = 1 if _EVENTLET else 64
timeout = 60
graceful_timeout = 8
keepalive = 75
loglevel = "warning"


def post_worker_init(worker: Any) -> None:  # noqa: ANN401  gunicorn's own type
    """Start the background workers in the process that serves, never in the master."""
    import wsgi  # noqa: PLC0415  the application is built in the worker, after it forked

    previous = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        """Close the sockets before gunicorn begins to wait for them."""
        wsgi.runtime.begin_stop()
        if callable(previous):
            previous(number, frame)

    signal.signal(signal.SIGTERM, stop)
    wsgi.runtime.end_with(worker.ppid, partial(os.kill, os.getpid(), signal.SIGTERM))
    wsgi.runtime.start()


def worker_exit(server: Any, worker: Any) -> None:  # noqa: ANN401, ARG001  gunicorn's own types
    """Finish what is under way before the process ends."""
    import wsgi  # noqa: PLC0415

    wsgi.runtime.stop()
